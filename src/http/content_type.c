/* SPDX-License-Identifier: Apache-2.0 */
#include "http/content_type.h"

#include <string.h>
#include <strings.h>

#include "base/util.h"

/* "TYPE/": all of its subtypes. */
static const char *const inert[] = {
    "application/json", "application/octet-stream",
    "application/pdf",  "application/zip",
    "audio/",           "font/",
    "image/",           "text/csv",
    "text/css",         "text/event-stream",
    "text/plain",       "video/",
};

static bool matches(const char *type, size_t length, const char *wanted)
{
    size_t wanted_length = strlen(wanted);

    if (length < wanted_length || strncasecmp(type, wanted, wanted_length) != 0)
        return false;
    return length == wanted_length || wanted[wanted_length - 1] == '/';
}

/* With a comma, it is a list, of which the last type counts. */
bool content_type_is_active(const char *type)
{
    size_t length = type ? strcspn(type, "; \t") : 0, i;

    if (!type || strchr(type, ',') || strcasestr(type, "xml"))
        return true;
    for (i = 0; i < ARRAY_SIZE(inert); i++)
        if (matches(type, length, inert[i]))
            return false;
    return true;
}

bool content_type_is_page(const char *type)
{
    return type && strncasecmp(type, "text/html", strlen("text/html")) == 0;
}
