/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/field.h"

#include <errno.h>

#include "base/buf.h"
#include "client/error.h"
#include "ctl/dotted_path.h"

/* Whether the string PART is NAME, in UTF-8. Its content has at most PART.length bytes. */
static bool is_name(struct json_part part, const char *name)
{
    CLEANUP(free_pointer) char *content = malloc(part.length);
    size_t length = content ? json_text_decode(part, content) : 0;

    return content && length == strlen(name) && memcmp(content, name, length) == 0;
}

/* The last member called NAME: the one that most programs read. */
static bool find_member(struct json_part object, const char *name, struct json_part *ret)
{
    const char *at = object.text, *end = object.text + object.length;
    struct json_part found, value;
    bool is_found = false;

    while (json_text_next_member(&at, end, &found, &value))
        if (is_name(found, name)) {
            *ret = value;
            is_found = true;
        }
    return is_found;
}

static bool find_element(struct json_part array, const char *name, struct json_part *ret)
{
    const char *at = array.text, *end = array.text + array.length;
    size_t index;

    if (!dotted_index(name, &index))
        return false;
    while (json_text_next_element(&at, end, ret))
        if (index-- == 0)
            return true;
    return false;
}

int field_find(struct json_part value, const char *path, struct json_part *ret, struct tb_error *err)
{
    const char *at = path;
    char name[DOTTED_NAME_MAX];

    do {
        struct json_part next = {NULL, 0};
        bool found = dotted_next(&at, name) && ((*value.text == '{' && find_member(value, name, &next)) ||
                                                (*value.text == '[' && find_element(value, name, &next)));

        if (!found)
            return FAIL(err, TB_ERROR_NOT_FOUND, -ENOENT, "--field %s: the answer has no %.*s", path,
                        (int)(at - path) - (*at != '\0'), path);
        value = next;
    } while (*at);
    *ret = value;
    return 0;
}
