/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path to something in a JSON value, as in data[3].id.entityType or attributes["a key"]. Each level of a
 * recursion holds one step; text is made only for an error.
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

/* The longest path in a message, in bytes, of which only the end is shown if it is longer; the longest name.
 */
#define JSON_PATH_TEXT_MAX 255
#define JSON_PATH_NAME_MAX 63

/* Writes the path, at most JSON_PATH_TEXT_MAX bytes and a NUL; "" for the root. Returns its beginning in
 * TEXT. */
const char *json_path_text(const struct json_path *path, char text[JSON_PATH_TEXT_MAX + 1]);

/* Sets ERR, which may be NULL: "PATH: FORMAT". Returns CODE. */
int json_path_error(const struct json_path *path, tb_error *err, enum tb_error_kind kind, int code,
                    const char *format, ...) PRINTF_LIKE(5, 6);

#endif
