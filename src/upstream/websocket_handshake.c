/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket_handshake.h"

#include <ctype.h>
#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>

#include "http/proxy_status.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, section 1.3 */

#define NONCE_BYTES 16

void handshake_accept(const char *key, char ret[HANDSHAKE_ACCEPT_CHARS + 1])
{
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx sha1;

    sha1_init(&sha1);
    sha1_update(&sha1, strlen(key), (const uint8_t *)key);
    sha1_update(&sha1, strlen(GUID), (const uint8_t *)GUID);
    sha1_digest(&sha1, sizeof(digest), digest);
    base64_encode_raw(ret, sizeof(digest), digest);
    ret[HANDSHAKE_ACCEPT_CHARS] = '\0';
}

static int make_key(char ret[HANDSHAKE_KEY_CHARS + 1])
{
    uint8_t nonce[NONCE_BYTES];

    if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        return -EIO;
    base64_encode_raw(ret, sizeof(nonce), nonce);
    ret[HANDSHAKE_KEY_CHARS] = '\0';
    return 0;
}

static int add_lines(struct handshake *handshake, const struct curl_slist *line, struct buf *out)
{
    int r = 0;

    for (; r == 0 && line; line = line->next) {
        handshake->asked_for_protocol |= header_is(line->data, "Sec-WebSocket-Protocol");
        handshake->asked_for_extensions |= header_is(line->data, "Sec-WebSocket-Extensions");
        r = strpbrk(line->data, "\r\n") ? -EINVAL : buf_append_format(out, "%s\r\n", line->data);
    }
    return r;
}

int handshake_write(struct handshake *handshake, const char *host, const char *prefix, const char *target,
                    const struct curl_slist *headers, struct buf *out)
{
    int r = strpbrk(target, " \r\n") ? -EINVAL : make_key(handshake->key);

    handshake->in.max = HANDSHAKE_IN_BYTES;
    if (r == 0)
        r = buf_append_format(out,
                              "GET %s%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                              "Sec-WebSocket-Version: 13\r\n",
                              prefix, target, host, handshake->key);
    if (r == 0)
        r = add_lines(handshake, headers, out);
    return r == 0 ? buf_append_string(out, "\r\n") : r;
}

void handshake_free(struct handshake *handshake)
{
    fifo_free(&handshake->in);
}

/* Whether the list in the headers called NAME contains TOKEN. */
static bool header_has_token(const struct headers *headers, const char *name, const char *token)
{
    const char *line;

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (header_is(line, name) && header_list_contains(header_value(line), token))
            return true;
    return false;
}

/* What is wrong with the 101 (RFC 6455, section 4.1); NULL: nothing. */
static const char *upgrade_fault(const struct handshake *handshake, const struct headers *headers)
{
    const char *accept = headers_find(headers, "Sec-WebSocket-Accept");
    char expected[HANDSHAKE_ACCEPT_CHARS + 1];

    handshake_accept(handshake->key, expected);
    if (!header_has_token(headers, "Upgrade", "websocket"))
        return "its Upgrade is not websocket";
    if (!header_has_token(headers, "Connection", "upgrade"))
        return "its Connection is not upgrade";
    if (!accept || strcmp(accept, expected) != 0)
        return "its Sec-WebSocket-Accept is not the answer to the key";
    if (!handshake->asked_for_extensions && headers_find(headers, "Sec-WebSocket-Extensions"))
        return "it has an extension that was not asked for";
    if (!handshake->asked_for_protocol && headers_find(headers, "Sec-WebSocket-Protocol"))
        return "it has a protocol that was not asked for";
    return NULL;
}

/* The code of a status line (RFC 9112, section 4); 0: it is not one. */
static int status_of(const char *line, size_t length)
{
    static const char version[] = "HTTP/1.";
    size_t at = strlen(version);

    if (length < at + 5 || memcmp(line, version, at) != 0 || !isdigit((unsigned char)line[at]) ||
        line[at + 1] != ' ' || line[at + 2] < '1' || line[at + 2] > '9' ||
        !isdigit((unsigned char)line[at + 3]) || !isdigit((unsigned char)line[at + 4]) ||
        (length > at + 5 && line[at + 5] != ' '))
        return 0;
    return (line[at + 2] - '0') * 100 + (line[at + 3] - '0') * 10 + (line[at + 4] - '0');
}

/* One line "Name: value"; one that is folded or has no name is refused. */
static int add_header(struct headers *headers, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    const char *value, *end = line + length;

    if (!colon || colon == line || memchr(line, ' ', (size_t)(colon - line)) || *line == '\t' ||
        memchr(line, '\0', length) || memchr(line, '\r', length) || memchr(line, '\n', length))
        return -EBADMSG;
    for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++)
        ;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return headers_add(headers, line, (size_t)(colon - line), value, (size_t)(end - value));
}

/* The header, of LENGTH bytes with its empty line. */
static int parse_header(struct transfer *transfer, const char *header, size_t length)
{
    const char *line = header, *end = header + length - 2;
    int r = 0;

    headers_clear(&transfer->response);
    while (r == 0 && line < end) {
        const char *next = memmem(line, (size_t)(end - line), "\r\n", 2);

        if (line == header)
            r = (transfer->status = status_of(line, (size_t)(next - line))) ? 0 : -EBADMSG;
        else
            r = add_header(&transfer->response, line, (size_t)(next - line));
        line = next + 2;
    }
    return r;
}

/* Moves complete chunks (RFC 9112, section 7.1) to the answer's body. Returns 1 after the last one, else 0.
 */
static int take_chunks(struct handshake *handshake, struct buf *body)
{
    for (;;) {
        const char *at = fifo_data(&handshake->in);
        size_t left = fifo_length(&handshake->in);
        const char *line_end = memmem(at, left, "\r\n", 2);
        char *end;
        unsigned long long size;

        if (!line_end)
            return 0;
        if (!isxdigit((unsigned char)*at))
            return -EBADMSG;
        size = strtoull(at, &end, 16);
        if (size == 0)
            return 1; /* trailers are ignored */
        if (size > HANDSHAKE_BODY_BYTES)
            return -EMSGSIZE;
        if (left < (size_t)(line_end + 2 - at) + size + 2)
            return 0;
        if (buf_append(body, line_end + 2, (size_t)size) < 0)
            return -ENOMEM;
        fifo_consume(&handshake->in, (size_t)(line_end + 2 - at) + (size_t)size + 2);
    }
}

/* The body of an answer that is not 101. Returns 1 if it is complete, else 0. */
static int take_body(struct handshake *handshake, struct transfer *transfer, bool at_end)
{
    const char *length = headers_find(&transfer->response, "Content-Length");
    size_t left = fifo_length(&handshake->in);
    unsigned long long want = length ? strtoull(length, NULL, 10) : 0;

    if (transfer->status == 204 || transfer->status == 304)
        return 1;
    if (headers_find(&transfer->response, "Transfer-Encoding"))
        return take_chunks(handshake, &transfer->response_body);
    if (length && want > HANDSHAKE_BODY_BYTES)
        return -EMSGSIZE;
    if (length ? left < want : !at_end)
        return 0;
    return buf_append(&transfer->response_body, fifo_data(&handshake->in), length ? (size_t)want : left) < 0
               ? -ENOMEM
               : 1;
}

/* Takes the next header from what has come, and skips interim answers (1xx). Returns 1 for a final one or
 * 101, and 0 if more is wanted. */
static int take_header(struct handshake *handshake, struct transfer *transfer)
{
    while (!transfer->header_complete) {
        const char *at = fifo_data(&handshake->in);
        size_t left = fifo_length(&handshake->in);
        const char *end = memmem(at, left, "\r\n\r\n", 4);
        int r;

        if (!end)
            return left > HANDSHAKE_HEADER_BYTES ? -EMSGSIZE : 0;
        if ((size_t)(end + 4 - at) > HANDSHAKE_HEADER_BYTES)
            return -EMSGSIZE;
        r = parse_header(transfer, at, (size_t)(end + 4 - at));
        if (r < 0)
            return r;
        fifo_consume(&handshake->in, (size_t)(end + 4 - at));
        transfer->header_complete = transfer->status == 101 || transfer->status >= 200;
    }
    return 1;
}

static int PRINTF_LIKE(3, 4) fault(struct transfer *transfer, const char *token, const char *format, ...)
{
    va_list args;

    transfer->status = 0;
    transfer->error = (struct transfer_error){502, token};
    va_start(args, format);
    vsnprintf(transfer->detail, sizeof(transfer->detail), format, args);
    va_end(args);
    return -EBADMSG;
}

static int read_body(struct handshake *handshake, struct transfer *transfer, bool at_end)
{
    int r = take_body(handshake, transfer, at_end);

    if (r == 1)
        return 1;
    if (r == -EMSGSIZE || fifo_length(&handshake->in) > HANDSHAKE_BODY_BYTES)
        return fault(transfer, "http_response_body_size", "the answer's body is larger than %d bytes",
                     HANDSHAKE_BODY_BYTES);
    if (r < 0)
        return fault(transfer, "http_protocol_error", "the answer's body is malformed");
    return at_end ? fault(transfer, "http_response_incomplete", "the answer ended early") : 0;
}

int handshake_read(struct handshake *handshake, struct transfer *transfer, const void *data, size_t length)
{
    const char *reason;
    int r;

    handshake->received += length;
    r = handshake->received > HANDSHAKE_IN_BYTES ? -EMSGSIZE : fifo_append(&handshake->in, data, length);
    if (r == 0)
        r = take_header(handshake, transfer);
    if (r == -EMSGSIZE)
        return fault(transfer, "http_response_header_section_size",
                     "the answer's header is larger than the limit");
    if (r < 0)
        return fault(transfer, "http_protocol_error", "the answer's header is malformed");
    if (r == 0)
        return length > 0 ? 0
                          : fault(transfer, PROXY_STATUS_CONNECTION_TERMINATED, "the connection ended early");
    if (transfer->status != 101)
        return read_body(handshake, transfer, length == 0);
    reason = upgrade_fault(handshake, &transfer->response);
    return reason ? fault(transfer, PROXY_STATUS_UPGRADE_FAILED, "invalid 101 from the server: %s", reason)
                  : 1;
}
