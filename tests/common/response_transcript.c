/* SPDX-License-Identifier: Apache-2.0 */
#include "response_transcript.h"

#include <errno.h>
#include <stdint.h>

#include "http/response_reader.h"

struct transcript {
    struct response_reader reader;
    struct headers headers;
    struct buf *out;
    bool in_body;
    bool after_interim; /* and nothing has come since */
};

static void promise(bool kept)
{
    if (!kept)
        abort();
}

static void say_header(struct transcript *transcript, const char *connection)
{
    const char *line = NULL;

    buf_append_format(transcript->out, "%d%s", transcript->reader.status, connection);
    while ((line = headers_next(&transcript->headers, line)))
        buf_append_format(transcript->out, "{%s}", line);
    buf_append_string(transcript->out, " ");
}

static void say_body(struct transcript *transcript, const char *body, size_t length)
{
    if (!transcript->in_body)
        buf_append_string(transcript->out, "body=");
    transcript->in_body = true;
    buf_append(transcript->out, body, length);
}

static void say_error(struct transcript *transcript, int r)
{
    const char *name = r == -EBADMSG ? "EBADMSG" : r == -EMSGSIZE ? "EMSGSIZE" : "?";

    promise(transcript->reader.reason != NULL);
    buf_append_format(transcript->out, "%s%s: %s", transcript->in_body ? " " : "", name,
                      transcript->reader.reason);
}

/* Returns what response_reader_next() did last; *AT: the bytes used. PIECE is memory of its own. */
static int read_piece(struct transcript *transcript, const char *piece, size_t length, size_t *at)
{
    const struct response_reader *reader = &transcript->reader;
    const char *body = NULL;
    size_t used, body_length = 0;
    int r;

    for (*at = 0;; *at += used) {
        r = response_reader_next(&transcript->reader, piece + *at, length - *at, &used, &body, &body_length);
        if (r < 0)
            return r;
        promise(used <= length - *at);
        if (used > 0)
            transcript->after_interim = r == RESPONSE_INTERIM;
        if (r == RESPONSE_BODY) {
            promise(body_length > 0 && body >= piece + *at && body + body_length == piece + *at + used);
            say_body(transcript, body, body_length);
        } else if (r == RESPONSE_INTERIM || r == RESPONSE_HEADER) {
            say_header(transcript, r == RESPONSE_INTERIM ? "" : reader->keeps_alive ? " kept" : " closed");
        } else {
            promise(r == RESPONSE_END || used == length - *at);
            *at += used;
            return r;
        }
    }
}

static size_t piece_length(size_t step, unsigned *seed)
{
    if (step > 0)
        return step;
    *seed = *seed * 1103515245u + 12345u;
    return 1 + (*seed >> 16) % 16;
}

static void say_end(struct transcript *transcript, int r, size_t rest)
{
    buf_append_string(transcript->out, transcript->in_body ? " " : "");
    if (r == RESPONSE_END) {
        buf_append_string(transcript->out, "end");
        promise(response_reader_end(&transcript->reader) == 0);
    } else {
        r = response_reader_end(&transcript->reader);
        promise(r == 0 || r == -ENODATA);
        buf_append_string(transcript->out, r == 0 ? "complete" : "early");
    }
    if (rest > 0)
        buf_append_format(transcript->out, " rest=%zu", rest);
}

void response_transcript(const void *data, size_t length, bool is_head, size_t step, unsigned seed,
                         struct buf *out)
{
    struct transcript transcript = {.headers = HEADERS_INIT, .out = out};
    size_t at = 0, used;
    int r = RESPONSE_MORE;

    response_reader_begin(&transcript.reader, is_head, &transcript.headers);
    while (r == RESPONSE_MORE && at < length) {
        size_t n = piece_length(step, &seed);
        char *piece;

        n = n < length - at ? n : length - at;
        piece = malloc(n); /* so that a sanitizer sees when the reader looks beyond it, or at it later */
        memcpy(piece, (const char *)data + at, n);
        r = read_piece(&transcript, piece, n, &used);
        free(piece);
        at += r >= 0 ? used : n;
        promise(r < 0 || response_reader_has_begun(&transcript.reader) != transcript.after_interim);
    }
    if (r < 0)
        say_error(&transcript, r);
    else
        say_end(&transcript, r, length - at);
    response_reader_free(&transcript.reader);
    headers_free(&transcript.headers);
}
