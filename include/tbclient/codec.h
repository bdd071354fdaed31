/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between JSON and the generated structures, by the tables: for programs that keep entities in files or get
 * them from elsewhere. Calls to the server do this themselves. Thread-safe; the structures are not changed.
 */
#ifndef TBCLIENT_CODEC_H
#define TBCLIENT_CODEC_H

#include <tbclient/error.h>
#include <tbclient/table.h>
#include <tbclient/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TB_CODEC_DEPTH_MAX 64 /* structures, lists and maps inside each other; free JSON does not count */

/* Decodes TEXT, JSON of LENGTH bytes, as a value of TYPE (in API): an object, list or map. *RET, a pointer to
 * the structure, is freed with tb_free(). TB_ERROR_DECODE names the member that does not fit ("data[3].name:
 * a string was expected, not a number") and carries the text. Members that are required and missing are no
 * error: servers of other versions leave them out. Of two members with the same name, the last one counts.
 * Whole numbers may be written as 3.0; beyond 64 bits they are refused as members that are declared as such,
 * and nowhere else: what C or jansson cannot hold is there verbatim (tbclient/value.h). Where a variant is
 * declared and the JSON says to be another one that has members of its own, it is refused: it would not be in
 * the memory that its cast reads. JSON is read up to 2,048 levels deep. */
TB_PUBLIC int tb_decode(const tb_api *api, unsigned type, const char *text, size_t length, void **ret,
                        tb_error *err);

/* Encodes VALUE, a structure, list or map of TYPE; *RET is freed with free(). TB_ERROR_USAGE names the member
 * that does not fit its schema: missing, too long, out of bounds, no UTF-8, no UUID, a base that does not say
 * which variant it is. A declared variant need not say so. What is required may not be sent as null, unless
 * it is free JSON. Doubles are written with as few digits as bring them back, as the server writes
 * them: 26.5, 100.0, 1.0E7; what was decoded and still has its value, as it was decoded. */
TB_PUBLIC int tb_encode(const tb_api *api, unsigned type, const void *value, char **ret, size_t *ret_length,
                        tb_error *err);

/* Whether VALUE is valid JSON for TYPE, as a request: what tb_encode() would refuse is refused. Unknown
 * members and unknown values of enumerations are allowed unless STRICT. TB_ERROR_USAGE names the member. */
TB_PUBLIC int tb_check(const tb_api *api, unsigned type, const json_t *value, bool strict, tb_error *err);

/* The index of the type that is an object of the schema called NAME, or 0. */
TB_PUBLIC unsigned tb_type_find(const tb_api *api, const char *name);

#ifdef __cplusplus
}
#endif

#endif
