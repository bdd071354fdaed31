/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to the generated structures. A value keeps the parsed tree: its strings and its free JSON are
 * borrowed from there, and the texts of its numbers are found in it again. Where a member comes twice in an
 * object, the last one counts.
 */
#ifndef TB_CLIENT_DECODE_H
#define TB_CLIENT_DECODE_H

#include <jansson.h>

#include <tbclient/codec.h>

/* Most bytes that a value takes besides the tree: "{}" may become a structure of a thousand bytes. */
#define DECODE_MEMORY_MAX ((size_t)256 << 20)

/* Decodes ROOT, read with JSON_READ_EXACT, whose reference is taken, as a value of TYPE. *RET, to be freed
 * with tb_free(), is the structure of an object, and the address of any other value (a list, a map, a
 * tb_int32, a const char *,
 * ...); NULL where ROOT is null. TB_ERROR_DECODE names the member. */
int decode_value(const tb_api *api, unsigned type, json_t *root, void **ret, tb_error *err);

/* The same with another maximum. */
int decode_bounded(const tb_api *api, unsigned type, json_t *root, size_t max, void **ret, tb_error *err);

/* "an object", ...: what VALUE is, for messages. */
const char *decode_kind_name(const json_t *value);

#endif
