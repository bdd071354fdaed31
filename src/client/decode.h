/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes JSON into the generated structures. A value keeps the parsed tree: its strings and its free JSON
 * are borrowed from there, and so are the texts of its numbers when it is encoded. If an object has two
 * members with the same name, the last one counts.
 */
#ifndef TB_CLIENT_DECODE_H
#define TB_CLIENT_DECODE_H

#include <jansson.h>

#include <tbclient/codec.h>

#include "client/warnings.h"

/* Most bytes of a value besides the tree: "{}" may become a structure of a thousand bytes. */
#define DECODE_MEMORY_MAX ((size_t)256 << 20)

/* Decodes ROOT, which was read with JSON_READ_EXACT and whose reference is taken, as a value of TYPE. *RET is
 * the structure of an object, the address of any other value (a list, a map, a tb_int32, a const char *,
 * ...), or NULL if ROOT is null; free it with tb_free(). TB_ERROR_DECODE names the member that does not fit.
 * WARNINGS, if not NULL, receives the values of enumerations that this version of the API does not know. */
int decode_value(const tb_api *api, unsigned type, json_t *root, void **ret, struct warnings *warnings,
                 tb_error *err);

/* The same with MAX instead of DECODE_MEMORY_MAX. */
int decode_bounded(const tb_api *api, unsigned type, json_t *root, size_t max, void **ret,
                   struct warnings *warnings, tb_error *err);

/* Returns what VALUE is, for messages: "an object", ... */
const char *decode_kind_name(const json_t *value);

#endif
