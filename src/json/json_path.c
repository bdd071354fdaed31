/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_path.h"

#include <stdio.h>

#include "base/utf8.h"

#define STEP_MAX (JSON_PATH_NAME_MAX + 8) /* with brackets, quotes and dots */

/* Makes a name readable: short, on one line, in UTF-8. */
static void put_name(char *out, const char *name)
{
    size_t i, length = strnlen(name, JSON_PATH_NAME_MAX + 1);
    bool cut = length > JSON_PATH_NAME_MAX;
    bool is_utf8;

    if (cut)
        for (length = JSON_PATH_NAME_MAX - 3; length > 0 && (name[length] & 0xc0) == 0x80;)
            length--;
    is_utf8 = utf8_count(name, length) >= 0;
    for (i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        out[i] = c < 0x20 || c == 0x7f || (c >= 0x80 && !is_utf8) ? '?' : name[i];
    }
    memcpy(out + length, cut ? "..." : "", cut ? sizeof("...") : 1);
}

static void put_step(char out[STEP_MAX], const struct json_path *step)
{
    char name[JSON_PATH_NAME_MAX + 1];

    if (!step->name) {
        snprintf(out, STEP_MAX, "[%zu]", step->index);
        return;
    }
    put_name(name, step->name);
    if (step->is_key)
        snprintf(out, STEP_MAX, "[\"%s\"]", name);
    else
        snprintf(out, STEP_MAX, "%s%s", step->parent && step->parent->parent ? "." : "", name);
}

/* From the last step to the first, so a long path keeps its end. */
const char *json_path_text(const struct json_path *path, char text[JSON_PATH_TEXT_MAX + 1])
{
    char *start = text + JSON_PATH_TEXT_MAX;
    char step[STEP_MAX];

    *start = '\0';
    for (; path && path->parent; path = path->parent) {
        size_t length;

        put_step(step, path);
        length = strlen(step);
        if (length > (size_t)(start - text) ||
            (path->parent->parent && length + 3 > (size_t)(start - text))) {
            start -= 3;
            memcpy(start, "...", 3);
            break;
        }
        start -= length;
        memcpy(start, step, length);
    }
    return start;
}

int json_path_error(const struct json_path *path, tb_error *err, enum tb_error_kind kind, int code,
                    const char *format, ...)
{
    char message[TB_ERROR_MESSAGE_MAX], text[JSON_PATH_TEXT_MAX + 1];
    const char *where = json_path_text(path, text);
    va_list args;

    if (!err)
        return code;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    err->kind = kind;
    return tb_error_set(err, code, "%s%s%s", where, *where ? ": " : "", message);
}
