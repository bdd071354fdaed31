/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a JSON value something is: one step on each level of the recursion that walks it, and text only
 * for an error. data[3].id.entityType, attributes["a key"].
 */
#ifndef TB_JSON_JSON_PATH_H
#define TB_JSON_JSON_PATH_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/error.h"

struct json_path {
    const struct json_path *parent; /* NULL: the root, which has no name */
    const char *name;               /* of a member or key; NULL: an element */
    size_t index;
    bool is_key; /* of a map */
};

/* Longest path in a message, in bytes; of a longer one the end is told. And the longest name in it. */
#define JSON_PATH_TEXT_MAX 255
#define JSON_PATH_NAME_MAX 63

/* Writes the path, at most JSON_PATH_TEXT_MAX bytes and a NUL; "" for the root. Returns where in TEXT it
 * begins.
 */
const char *json_path_text(const struct json_path *path, char text[JSON_PATH_TEXT_MAX + 1]);

/* Sets ERR, which may be NULL: "PATH: FORMAT". Returns CODE. */
int json_path_error(const struct json_path *path, tb_error *err, enum tb_error_kind kind, int code,
                    const char *format, ...) PRINTF_LIKE(5, 6);

#endif
