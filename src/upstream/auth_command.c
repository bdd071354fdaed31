/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/auth_command.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <strings.h>

#include "json/json_read.h"
#include "json/json_text.h"

static const char name[] = "authCmd";

/* The escape of a letter: "\u0041" to "\u007a", whatever the last digit is. */
static bool is_letter_escape(const char *text, size_t length)
{
    return length >= 5 && memcmp(text, "\\u00", 4) == 0 && text[4] >= '4' && text[4] <= '7';
}

static bool can_hold_name(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        if (is_letter_escape(text + i, length - i) ||
            (length - i >= strlen(name) && strncasecmp(text + i, name, strlen(name)) == 0))
            return true;
    return false;
}

/* Whether a member's name, given with its quotes, is authCmd. */
static bool is_name(const char *text, size_t length)
{
    json_t *key = json_read(text, length, 0, NULL);
    bool is = json_string_length(key) == strlen(name) && strcasecmp(json_string_value(key), name) == 0;

    json_decref(key);
    return is;
}

/* Copies the other members of the object at TEXT unchanged. */
static int copy_others(const char *text, const char *end, struct buf *out)
{
    const char *at = json_text_skip_blanks(text, end) + 1;
    bool found = false, empty = true;
    int r = buf_append(out, "{", 1);

    for (at = json_text_skip_blanks(at, end); r == 0 && *at != '}'; at = json_text_skip_blanks(at, end)) {
        const char *key_end = json_text_value_end(at, end);
        const char *value = json_text_skip_blanks(json_text_skip_blanks(key_end, end) + 1, end);
        const char *value_end = json_text_value_end(value, end);

        if (is_name(at, (size_t)(key_end - at))) {
            found = true;
        } else {
            r = empty ? 0 : buf_append(out, ",", 1);
            empty = false;
            if (r == 0)
                r = buf_append(out, at, (size_t)(value_end - at));
        }
        at = json_text_skip_blanks(value_end, end);
        at += *at == ',';
    }
    if (r == 0)
        r = buf_append(out, "}", 1);
    return r < 0 ? r : !found ? AUTH_COMMAND_NONE : empty ? AUTH_COMMAND_ALONE : AUTH_COMMAND_REMOVED;
}

int auth_command_remove(const char *text, size_t length, struct buf *out)
{
    int r = AUTH_COMMAND_NONE;
    json_t *message;

    if (!can_hold_name(text, length))
        return AUTH_COMMAND_NONE;
    message = json_read(text, length, 0, NULL);
    if (!message)
        return -EBADMSG;
    if (json_is_object(message))
        r = copy_others(text, text + length, out);
    json_decref(message);
    return r;
}

int auth_command_write(const char *token, struct buf *out)
{
    return buf_append_format(out, "{\"%s\":{\"cmdId\":0,\"token\":\"%s\"}}", name, token);
}
