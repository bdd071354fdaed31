/* SPDX-License-Identifier: Apache-2.0 */
#include "http/headers.h"

#include <curl/curl.h>
#include <errno.h>

#define DATE_MAX_S INT64_C(253402300799) /* the end of the year 9999 */

int headers_add(struct headers *headers, const char *name, size_t name_length, const char *value,
                size_t value_length)
{
    struct buf *text = &headers->text;
    size_t start = text->len;
    int r;

    if (headers->count >= HEADERS_MAX_COUNT)
        return -EMSGSIZE;
    r = buf_append(text, name, name_length);
    if (r == 0)
        r = buf_append(text, ": ", 2);
    if (r == 0)
        r = buf_append(text, value, value_length);
    if (r == 0)
        r = buf_append(text, "", 1);
    if (r < 0) {
        buf_truncate(text, start);
        return r;
    }
    headers->count++;
    return 0;
}

int headers_replace(struct headers *headers, const char *name, const char *value)
{
    struct headers fresh = {BUF_INIT(headers->text.max), 0};
    const char *line;
    int r = 0;

    for (line = headers_next(headers, NULL); line && r == 0; line = headers_next(headers, line)) {
        const char *old = header_value(line);

        if (!header_is(line, name))
            r = headers_add(&fresh, line, strcspn(line, ":"), old, strlen(old));
    }
    if (r == 0)
        r = headers_add(&fresh, name, strlen(name), value, strlen(value));
    if (r < 0) {
        headers_free(&fresh);
        return r;
    }
    headers_free(headers);
    *headers = fresh;
    return 0;
}

const char *headers_next(const struct headers *headers, const char *line)
{
    const char *next;

    if (headers->text.len == 0)
        return NULL;
    next = line ? line + strlen(line) + 1 : headers->text.data;
    return next < headers->text.data + headers->text.len ? next : NULL;
}

const char *header_value(const char *line)
{
    const char *colon = strchr(line, ':');

    return colon ? colon + 2 : "";
}

const char *headers_find(const struct headers *headers, const char *name)
{
    const char *line;

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (header_is(line, name))
            return header_value(line);
    return NULL;
}

bool header_list_has(const char *list, const char *entry, size_t length)
{
    while (*list) {
        size_t n;

        list += strspn(list, ", \t");
        n = strcspn(list, ", \t");
        if (n == length && n > 0 && strncasecmp(list, entry, n) == 0)
            return true;
        list += n;
    }
    return false;
}

void headers_clear(struct headers *headers)
{
    buf_clear(&headers->text);
    headers->count = 0;
}

void headers_free(struct headers *headers)
{
    buf_free(&headers->text);
    headers->count = 0;
}

int64_t header_date_s(const char *value)
{
    int64_t date_s = (int64_t)curl_getdate(value, NULL);

    return date_s >= 0 && date_s <= DATE_MAX_S ? date_s : -1;
}
