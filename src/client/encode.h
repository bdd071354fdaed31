/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the generated structures to JSON.
 */
#ifndef TB_CLIENT_ENCODE_H
#define TB_CLIENT_ENCODE_H

#include <jansson.h>

#include <tbclient/codec.h>

/* *RET, a new reference, is VALUE as JSON of TYPE, checked as a request. VALUE is the structure of an object,
 * and the address of any other value, as decode_value() gives it. Free JSON in it is referred to, not copied.
 * TB_ERROR_USAGE names the member that does not fit. */
int encode_value(const tb_api *api, unsigned type, const void *value, json_t **ret, tb_error *err);

#endif
