/* SPDX-License-Identifier: Apache-2.0 */
/* As recorded of images and OTA packages. */
#include "sim/http/file_download.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void hex_text(const uint8_t *digest, size_t n, char *ret)
{
    for (size_t i = 0; i < n; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

void sha256_text(const void *data, size_t n, char ret[SHA256_TEXT])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, n, data);
    sha256_digest(&ctx, sizeof(digest), digest);
    hex_text(digest, sizeof(digest), ret);
}

/* The range "a-b", "a-" or "-n". False: it cannot be sent. */
static bool parse_range(const char *text, size_t len, size_t *ret_from, size_t *ret_to)
{
    char *end = NULL;

    if (*text == '-') {
        unsigned long long last = strtoull(text + 1, &end, 10);

        *ret_from = last < len ? len - (size_t)last : 0;
        *ret_to = len;
        return last > 0 && len > 0;
    }
    unsigned long long from = strtoull(text, &end, 10);
    if (end == text || *end != '-' || from >= len)
        return false;
    unsigned long long to = end[1] >= '0' && end[1] <= '9' ? strtoull(end + 1, NULL, 10) : len;
    *ret_from = (size_t)from;
    *ret_to = to < len ? (size_t)to + 1 : len;
    return to >= from;
}

static void add_file_headers(struct reply *rp, const struct file *file)
{
    if (file->etag) {
        rp->headers = HEADERS_CACHED;
        reply_header(rp, "ETag", "\"%s\"", file->etag);
        reply_header(rp, "Content-Security-Policy", "default-src 'none'");
    }
    if (file->filename) {
        reply_header(rp, "Content-Disposition", "attachment;filename=%s", file->filename);
        reply_header(rp, "x-filename", "%s", file->filename);
    }
    if (file->etag)
        reply_header(rp, "Cache-Control", "no-cache");
}

/* The controller compares tags without quotes and then sends no header of the file; Spring, which comes later
 * and understands W/ and lists, sends them. Neither knows "*". */
static bool is_unchanged(const struct request *rq, struct reply *rp, const struct file *file)
{
    const char *have = request_header(rq, "If-None-Match");
    CLEANUP(free_pointer) char *quoted = file->etag ? xasprintf("\"%s\"", file->etag) : NULL;

    if (!have || !quoted)
        return false;
    if (streq(have, quoted) || streq(have, file->etag)) {
        reply_empty(rp, 304);
        rp->headers = HEADERS_CACHED;
        reply_header(rp, "Accept-Ranges", "bytes");
        return true;
    }
    if (!strstr(have, quoted))
        return false;
    reply_empty(rp, 304);
    add_file_headers(rp, file);
    return true;
}

static void set_content(struct reply *rp, const struct file *file, size_t from, size_t to)
{
    rp->body = xcalloc(to - from + 1, 1);
    memcpy(rp->body, file->data + from, to - from);
    rp->len = to - from;
    reply_header(rp, "Content-Type", "%s", file->media);
}

void reply_file(const struct request *rq, struct reply *rp, const struct file *file)
{
    const char *range = request_header(rq, "Range");
    size_t from = 0, to = file->len;

    if (is_unchanged(rq, rp, file))
        return;
    bool part = range && strncasecmp(range, "bytes=", 6) == 0 && !strchr(range, ',');
    if (part && !parse_range(range + 6, file->len, &from, &to)) {
        reply_empty(rp, 416);
        add_file_headers(rp, file);
        reply_header(rp, "Content-Range", "bytes */%zu", file->len);
        return;
    }
    reply_empty(rp, part ? 206 : 200);
    add_file_headers(rp, file);
    reply_header(rp, "Accept-Ranges", "bytes");
    if (part)
        reply_header(rp, "Content-Range", "bytes %zu-%zu/%zu", from, to - 1, file->len);
    set_content(rp, file, from, to);
}
