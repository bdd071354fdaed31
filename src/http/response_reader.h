/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of HTTP/1 responses (RFC 9112), for bytes that arrive in pieces of any size. What could be
 * read in two ways is an error, and the connection is of no more use: two lengths, a length beside
 * Transfer-Encoding, a bare CR or LF, a folded header, a NUL, a space before the colon, a chunk that does not
 * end with CRLF, more than RESPONSE_INTERIM_MAX interim responses.
 */
#ifndef TB_HTTP_RESPONSE_READER_H
#define TB_HTTP_RESPONSE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "http/headers.h"

#define RESPONSE_INTERIM_MAX      16   /* responses with status 1xx before the final one */
#define RESPONSE_CHUNK_LINE_BYTES 1024 /* a chunk's size with its extensions and CRLF */

/* What response_reader_next() found. */
enum response_event {
    RESPONSE_MORE,    /* nothing: it wants more bytes */
    RESPONSE_INTERIM, /* the header of a 1xx other than 101 is complete */
    RESPONSE_HEADER,  /* the header of the final response, or of 101, is complete */
    RESPONSE_BODY,    /* a piece of the body */
    RESPONSE_END,     /* the response is complete; bytes that follow belong to nothing (or, after 101, to the
                         other protocol) */
};

/* What the next byte belongs to. */
enum response_state {
    RESPONSE_IN_STATUS_LINE,
    RESPONSE_IN_HEADER,
    RESPONSE_IN_BODY,   /* of a known length */
    RESPONSE_IN_STREAM, /* a body that ends with the stream */
    RESPONSE_IN_CHUNK_SIZE,
    RESPONSE_IN_CHUNK,
    RESPONSE_IN_CHUNK_END, /* the CRLF after its data */
    RESPONSE_IN_TRAILER,
    RESPONSE_COMPLETE, /* nothing */
};

/* Zeroed memory is not a reader: response_reader_begin(). */
struct response_reader {
    struct headers
        *headers; /* of the response being read: cleared at each status line; trailers are dropped */
    int status;
    bool keeps_alive;   /* the connection can be used again after this response (RFC 9112, section 9.3) */
    const char *reason; /* after an error: what is wrong, for people; static */

    /* For the reader alone. */
    enum response_state state;
    bool is_head;         /* it answers a HEAD */
    bool has_begun;       /* a byte has been taken, after the last interim response */
    bool is_http_1_0;     /* the version in the status line */
    bool is_chunked;      /* Transfer-Encoding: chunked */
    bool says_close;      /* Connection */
    bool says_keep_alive; /* Connection */
    int64_t length;       /* Content-Length; -1: not given */
    uint64_t left;        /* bytes of the body, or of the chunk, that are to come */
    unsigned interims;    /* responses with status 1xx so far */
    unsigned lines;       /* of the header, or of the trailer */
    size_t section_bytes; /* the header's lines so far, with their CRLF; or the trailer's */
    struct buf line;      /* the beginning of a line whose end has not arrived */
};

/* Prepares READER, which is new or was freed, for the response to a request; IS_HEAD: that was a HEAD. The
 * header lines go to HEADERS. */
void response_reader_begin(struct response_reader *reader, bool is_head, struct headers *headers);

/* Takes bytes from DATA: *USED of them, and returns an event; for RESPONSE_BODY *BODY and *BODY_LENGTH are a
 * piece of DATA. Call it again with the rest until RESPONSE_MORE or RESPONSE_END (it may use 0 bytes and
 * return another event than RESPONSE_MORE). -EBADMSG: the response is malformed (see reason); -EMSGSIZE: its
 * header, with the status line, or its trailer is larger than HEADERS_MAX_BYTES or HEADERS_MAX_COUNT;
 * -ENOMEM. Nothing can be read after an error. */
int response_reader_next(struct response_reader *reader, const char *data, size_t length, size_t *used,
                         const char **body, size_t *body_length);

/* The stream has ended: 0 if the response is complete, maybe by that (its length was not given), else
 * -ENODATA. */
int response_reader_end(struct response_reader *reader);

/* Whether a byte of a response has been taken; an interim one is none. */
bool response_reader_has_begun(const struct response_reader *reader);

void response_reader_free(struct response_reader *reader);

#endif
