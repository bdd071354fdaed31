/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/auth_command.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "json/json_check.h"
#include "json/json_text.h"

static const char name[] = "authCmd";

/* The escape of a letter: "\u0041" to "\u007a", whatever the last digit is. */
static bool is_letter_escape(const char *text, size_t length)
{
    return length >= 5 && memcmp(text, "\\u00", 4) == 0 && text[4] >= '4' && text[4] <= '7';
}

static bool is_name_at(const char *text, size_t length)
{
    return length >= strlen(name) && strncasecmp(text, name, strlen(name)) == 0;
}

static bool can_hold_name(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        if ((text[i] == '\\' && is_letter_escape(text + i, length - i)) ||
            ((text[i] == 'a' || text[i] == 'A') && is_name_at(text + i, length - i)))
            return true;
    return false;
}

/* Copies the other members of OBJECT unchanged. */
static int copy_others(struct json_part object, struct buf *out)
{
    const char *at = object.text;
    bool found = false, empty = true;
    struct json_part key, value;
    int r = buf_append(out, "{", 1);

    while (r == 0 && json_text_next_member(&at, object.text + object.length, &key, &value)) {
        if (json_text_is_alike(key, name)) {
            found = true;
            continue;
        }
        r = empty ? 0 : buf_append(out, ",", 1);
        empty = false;
        if (r == 0)
            r = buf_append(out, key.text, (size_t)(value.text + value.length - key.text));
    }
    if (r == 0)
        r = buf_append(out, "}", 1);
    return r < 0 ? r : !found ? AUTH_COMMAND_NONE : empty ? AUTH_COMMAND_ALONE : AUTH_COMMAND_REMOVED;
}

int auth_command_remove(const char *text, size_t length, struct buf *out)
{
    struct json_part value;

    if (!can_hold_name(text, length))
        return AUTH_COMMAND_NONE;
    if (!json_check(text, length, 0))
        return -EBADMSG;
    value = json_text_value(text, length);
    return *value.text == '{' ? copy_others(value, out) : AUTH_COMMAND_NONE;
}

int auth_command_write(const char *token, struct buf *out)
{
    return buf_append_format(out, "{\"%s\":{\"cmdId\":0,\"token\":\"%s\"}}", name, token);
}
