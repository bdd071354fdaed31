/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/http/multipart_body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The value of a header's parameter, quoted or not; NULL if there is none. */
static char *header_value(const char *header, const char *key)
{
    const char *at = strcasestr(header, key);

    if (!at)
        return NULL;
    at += strlen(key);
    if (*at == '"')
        return xstrndup(at + 1, strcspn(at + 1, "\""));
    return xstrndup(at, strcspn(at, "; \t\r\n"));
}

/* DATA is one part with its head, from the end of its boundary line to the CRLF before the next one. */
static bool add_part(struct parts *parts, const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);

    if (!end || parts->n == PARTS_MAX)
        return false;
    CLEANUP(free_pointer) char *head = xstrndup(data, (size_t)(end - data));
    const char *line = strcasestr(head, "content-disposition:");
    char *name = line ? header_value(line, " name=") : NULL;
    if (!name)
        return false;
    parts->list[parts->n++] = (struct part){
        .name = name,
        .filename = header_value(line, " filename="),
        .type = header_value(head, "content-type: "),
        .data = end + 4,
        .len = len - (size_t)(end + 4 - data),
    };
    return true;
}

int parts_parse(const struct request *rq, struct parts *parts)
{
    const char *type = request_header(rq, "Content-Type");
    CLEANUP(free_pointer) char *boundary = type ? header_value(type, "boundary=") : NULL;
    CLEANUP(free_pointer) char *mark = xasprintf("\r\n--%s", boundary ? boundary : "");
    size_t mark_len = strlen(mark);
    const char *end = rq->body.data + rq->body.len;
    const char *at = rq->body.data;

    if (mark_len == 4 || rq->body.len < mark_len || memcmp(at, mark + 2, mark_len - 2) != 0)
        return -EBADMSG;
    at += mark_len - 2;
    while ((size_t)(end - at) >= 2 && memcmp(at, "--", 2) != 0) {
        const char *next = memmem(at, (size_t)(end - at), mark, mark_len);

        if (!next || !add_part(parts, at, (size_t)(next - at)))
            return -EBADMSG;
        at = next + mark_len;
    }
    return end - at >= 2 ? 0 : -EBADMSG;
}

const struct part *parts_find(const struct parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->n; i++) {
        if (streq(parts->list[i].name, name))
            return &parts->list[i];
    }
    return NULL;
}

void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        free(parts->list[i].name);
        free(parts->list[i].filename);
        free(parts->list[i].type);
    }
    parts->n = 0;
}
