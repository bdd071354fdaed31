/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts between JSON and the generated structures, for programs that keep entities in files or get them
 * from elsewhere; calls to the server do it themselves. Thread-safe: structures are not changed.
 */
#ifndef TBCLIENT_CODEC_H
#define TBCLIENT_CODEC_H

#include <tbclient/error.h>
#include <tbclient/table.h>
#include <tbclient/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TB_CODEC_DEPTH_MAX 64 /* of nested structures, lists and maps; free JSON does not count */

/* Decodes TEXT, JSON of LENGTH bytes, as a value of TYPE, an object, list or map in API. *RET is a pointer to
 * the structure; free it with tb_free(). TB_ERROR_DECODE names the member that does not fit ("data[3].name: a
 * string was expected, not a number") and holds the text.
 *
 * A missing required member is not an error: servers of other versions leave some out. Of two members with
 * the same name, the last one counts. Whole numbers may be written as 3.0. A member that is declared as an
 * integer must fit its C type; everywhere else, what C or jansson cannot hold is kept verbatim
 * (tbclient/value.h). If a variant is declared, another variant with members of its own is refused: its
 * structure would not fit. JSON may be nested up to 2,048 levels deep. */
TB_PUBLIC int tb_decode(const tb_api *api, unsigned type, const char *text, size_t length, void **ret,
                        tb_error *err);

/* Encodes VALUE, a structure, list or map of TYPE. Free *RET with free(). TB_ERROR_USAGE names the member
 * that JSON cannot express: not UTF-8, not a finite number, or a base that does not say which variant it is
 * (a declared variant need not say so). Whether the value fits its schema is for tb_check(): what was decoded
 * can always be encoded. A double is written with the fewest digits that give the same value, in the server's
 * form: 26.5, 100.0, 1.0E7; a number that was decoded and not changed is written as it was. */
TB_PUBLIC int tb_encode(const tb_api *api, unsigned type, const void *value, char **ret, size_t *ret_length,
                        tb_error *err);

/* Checks whether VALUE, JSON of TYPE in a request, is as the API's document says: TB_ERROR_USAGE names the
 * first member that is missing, of another type, too long, out of bounds, not a UUID, ...; if STRICT, also
 * one that is not known, and an unknown value of an enumeration. A required member cannot be null, unless it
 * is free JSON. Servers accept more, so calls only warn (tb_client_options.warning). */
TB_PUBLIC int tb_check(const tb_api *api, unsigned type, const json_t *value, bool strict, tb_error *err);

/* Returns the index of the object type whose schema is called NAME, or 0. */
TB_PUBLIC unsigned tb_type_find(const tb_api *api, const char *name);

#ifdef __cplusplus
}
#endif

#endif
