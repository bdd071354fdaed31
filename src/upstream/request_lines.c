/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/request_lines.h"

/* "Name:" makes libcurl leave out a header that it would add. */
static const struct {
    const char *name;
    const char *line;
} suppressed[] = {{"Accept", "Accept:"}, {"Expect", "Expect:"}, {"Content-Type", "Content-Type:"}};

/* libcurl decides whether the server is asked before a body that may be large. */
static bool is_suppressed(const struct transfer *transfer, const struct headers *headers, const char *name)
{
    return !headers_find(headers, name) && !(transfer->read && strcmp(name, "Expect") == 0);
}

static void add_line(struct curl_slist *lines, size_t *count, const char *line)
{
    lines[*count] = (struct curl_slist){(char *)(uintptr_t)line, NULL}; /* libcurl only reads it */
    if (*count > 0)
        lines[*count - 1].next = &lines[*count];
    (*count)++;
}

struct curl_slist *request_lines_new(const struct transfer *transfer, const struct headers *headers,
                                     const struct credential *credential)
{
    struct curl_slist *lines = calloc(headers->count + 1 + ARRAY_SIZE(suppressed), sizeof(struct curl_slist));
    size_t count = 0, i;
    const char *line;

    if (!lines)
        return NULL;
    if (credential)
        add_line(lines, &count, credential->header);
    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        add_line(lines, &count, line);
    for (i = 0; i < ARRAY_SIZE(suppressed); i++)
        if (is_suppressed(transfer, headers, suppressed[i].name))
            add_line(lines, &count, suppressed[i].line);
    return lines;
}
