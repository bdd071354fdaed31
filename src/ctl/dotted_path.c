/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/dotted_path.h"

#include <stdlib.h>
#include <string.h>

#define INDEX_DIGITS_MAX 6

bool dotted_next(const char **at, char name[DOTTED_NAME_MAX])
{
    const char *text = *at;
    size_t length = 0;

    for (; *text && *text != '.'; text++) {
        if (*text == '\\' && (text[1] == '.' || text[1] == '\\'))
            text++;
        if (length + 1 == DOTTED_NAME_MAX)
            return false;
        name[length++] = *text;
    }
    name[length] = '\0';
    if (length == 0 || (*text == '.' && !text[1]))
        return false;
    *at = *text ? text + 1 : text;
    return true;
}

bool dotted_is_valid(const char *path)
{
    char name[DOTTED_NAME_MAX];

    do {
        if (!dotted_next(&path, name))
            return false;
    } while (*path);
    return true;
}

bool dotted_index(const char *name, size_t *ret)
{
    size_t digits = strspn(name, "0123456789");

    if (digits == 0 || digits > INDEX_DIGITS_MAX || name[digits])
        return false;
    *ret = (size_t)strtoul(name, NULL, 10);
    return true;
}
