/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes the generated structures as JSON.
 */
#ifndef TB_CLIENT_ENCODE_H
#define TB_CLIENT_ENCODE_H

#include <jansson.h>

#include <tbclient/codec.h>

/* Encodes VALUE as JSON of TYPE; *RET is a new reference. VALUE is the structure
 * of an object, or the address of any other value, as from decode_value(). Free JSON in it is shared, not
 * copied. TB_ERROR_USAGE names the member that JSON cannot express. */
int encode_value(const tb_api *api, unsigned type, const void *value, json_t **ret, tb_error *err);

#endif
