/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile_asked.h"

#include <ctype.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>

#include "fuzz.h"
#include "http/headers.h"

#define GUID  "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, section 1.3 */
#define LARGE 300000                                 /* bytes of a large body; a window has 262,144 */

void asked_find_mark(struct asked *asked, const char *text, size_t length)
{
    const char *found = memmem(text, length, "mark-", 5);

    if (found && !*asked->mark && length - (size_t)(found - text) >= MARK_BYTES - 1)
        memcpy(asked->mark, found, MARK_BYTES - 1);
}

/* ---- reading HTTP/1.1 ---- */

static void check_line(const char *line, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        must((unsigned char)line[i] >= 0x20 || line[i] == '\t');
}

static void note_header(struct served *served, struct asked *asked, const char *line, unsigned *hosts,
                        unsigned *lengths)
{
    must(strchr(line, ':') && line[0] != ' ' && line[0] != '\t' && line[0] != ':');
    if (header_is(line, "Host"))
        ++*hosts;
    if (header_is(line, "Content-Length")) {
        ++*lengths;
        served->body_left = strtoull(header_value(line), NULL, 10);
    }
    if (header_is(line, "Transfer-Encoding")) {
        ++*lengths;
        must(strcmp(header_value(line), "chunked") == 0);
        served->body_left = UINT64_MAX;
    }
    if (header_is(line, "Sec-WebSocket-Key"))
        snprintf(asked->key, sizeof(asked->key), "%s", header_value(line));
}

/* "GET /target HTTP/1.1" */
static void read_request_line(struct asked *asked, const char *line)
{
    const char *target = strchr(line, ' '), *version = target ? strchr(target + 1, ' ') : NULL;

    must(version && target > line && target[1] == '/' && strcmp(version, " HTTP/1.1") == 0);
    asked->is_head = strncmp(line, "HEAD ", 5) == 0;
    snprintf(asked->path, sizeof(asked->path), "%.*s", (int)(version - target - 1), target + 1);
}

/* HEADER ends with an empty line. */
static void read_header(struct served *served, char *header)
{
    struct asked *asked = &served->asked[0];
    unsigned hosts = 0, lengths = 0;
    char *line = header, *end;

    must(!asked->is_open || served->is_raw);
    *asked = (struct asked){.is_open = true};
    served->body_left = 0;
    asked_find_mark(asked, header, strlen(header));
    for (; (end = strstr(line, "\r\n")) && end > line; line = end + 2) {
        *end = '\0';
        check_line(line, (size_t)(end - line));
        if (line == header)
            read_request_line(asked, line);
        else
            note_header(served, asked, line, &hosts, &lengths);
    }
    must(hosts == 1 && lengths <= 1);
}

/* The line of a chunk's size; true: it was whole. */
static bool read_chunk(struct served *served)
{
    const char *data = fifo_data(&served->in);
    size_t length = fifo_length(&served->in);
    const char *end = memmem(data, length, "\r\n", 2);
    unsigned long long size;
    size_t all;

    if (!end)
        return false;
    must(isxdigit((unsigned char)*data));
    size = strtoull(data, NULL, 16);
    all = (size_t)(end - data) + 2 + size + 2;
    if (length < all)
        return false;
    must(data[all - 2] == '\r' && data[all - 1] == '\n');
    fifo_consume(&served->in, all);
    if (size == 0)
        served->body_left = 0;
    return true;
}

static bool read_body(struct served *served)
{
    size_t length = fifo_length(&served->in);

    if (served->body_left == UINT64_MAX)
        return read_chunk(served);
    if (length > served->body_left)
        length = (size_t)served->body_left;
    asked_find_mark(&served->asked[0], fifo_data(&served->in), length);
    fifo_consume(&served->in, length);
    served->body_left -= length;
    return length > 0;
}

static bool read_request(struct served *served)
{
    const char *data = fifo_data(&served->in);
    const char *end = memmem(data, fifo_length(&served->in), "\r\n\r\n", 4);
    char *header;

    if (!end)
        return false;
    header = strndup(data, (size_t)(end - data) + 4);
    must(strlen(header) == (size_t)(end - data) + 4); /* no NUL */
    fifo_consume(&served->in, strlen(header));
    read_header(served, header);
    free(header);
    return true;
}

/* The version of HTTP is known by the first bytes. */
static void begin_http2(struct served *served)
{
    must(nghttp2_hd_inflate_new(&served->inflater) == 0);
    server_say_frame(served, NGHTTP2_SETTINGS, 0, 0, "", 0);
}

void asked_read(struct served *served)
{
    if (!served->has_begun && strncmp(fifo_data(&served->in), "PRI ", 4) == 0)
        begin_http2(served);
    served->has_begun = true;
    if (served->inflater) {
        asked_read_frames(served);
    } else if (served->is_websocket) {
        fifo_free(&served->in);
    } else {
        while (fifo_length(&served->in) > 0)
            if (!(served->body_left > 0 ? read_body(served) : read_request(served)))
                break;
    }
}

/* ---- answers ---- */

struct message {
    unsigned status;
    const char *header; /* "name: value" or "" */
    const char *body;
    size_t length;
    enum { LENGTH, CHUNKS, TO_THE_END, UNFINISHED } framing;
};

static void give_http1(struct served *served, struct asked *asked, const struct message *message)
{
    static const char *const framings[] = {"", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", ""};
    struct buf *out = fifo_tail(&served->out);
    bool has_body = !asked->is_head && message->status != 204 && message->status != 304;

    buf_append_format(out, "HTTP/1.1 %u \r\n%s%s%s", message->status, message->header,
                      *message->header ? "\r\n" : "", framings[message->framing]);
    if (message->framing == LENGTH || message->framing == UNFINISHED)
        buf_append_format(out, "Content-Length: %zu\r\n", message->length + (message->framing == UNFINISHED));
    buf_append_string(out, "\r\n");
    if (has_body && message->framing == CHUNKS)
        buf_append_format(out, "%zx\r\n%s\r\n0\r\n\r\n", message->length, message->body);
    else if (has_body)
        buf_append(out, message->body, message->length);
    served->ends = message->framing == TO_THE_END;
    asked->is_open = has_body && message->framing == UNFINISHED;
}

/* A literal field without indexing (RFC 7541, section 6.2.2). */
static void add_field(struct buf *block, const char *name, size_t name_length, const char *value)
{
    char lengths[3] = {0, (char)name_length, (char)strlen(value)};

    buf_append(block, lengths, 2);
    buf_append(block, name, name_length);
    buf_append(block, lengths + 2, 1);
    buf_append_string(block, value);
}

static void give_http2(struct served *served, struct asked *asked, const struct message *message)
{
    struct buf block = BUF_INIT(1000);
    const char *value = strstr(message->header, ": ");
    char status[8], name[40];
    size_t at = 0, part, i, length = asked->is_head ? 0 : message->length;
    unsigned end = message->framing == UNFINISHED ? 0 : NGHTTP2_FLAG_END_STREAM;

    snprintf(status, sizeof(status), "%u", message->status);
    add_field(&block, ":status", 7, status);
    for (i = 0; value && i < (size_t)(value - message->header); i++)
        name[i] = (char)tolower(message->header[i]);
    if (value)
        add_field(&block, name, (size_t)(value - message->header), value + 2);
    server_say_frame(served, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | (length == 0 ? end : 0),
                     (unsigned)asked->id, block.data, block.len);
    for (; at < length; at += part) {
        part = length - at < 16384 ? length - at : 16384;
        server_say_frame(served, NGHTTP2_DATA, at + part == length ? end : 0, (unsigned)asked->id,
                         message->body + at, part);
    }
    buf_free(&block);
    asked->is_open = message->framing == UNFINISHED;
}

static void give(struct served *served, struct asked *asked, const struct message *message)
{
    if (served->inflater)
        give_http2(served, asked, message);
    else
        give_http1(served, asked, message);
}

static void give_handshake(struct served *served, struct asked *asked)
{
    uint8_t digest[SHA1_DIGEST_SIZE];
    char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1] = "";
    struct sha1_ctx sha1;

    sha1_init(&sha1);
    sha1_update(&sha1, strlen(asked->key), (const uint8_t *)asked->key);
    sha1_update(&sha1, strlen(GUID), (const uint8_t *)GUID);
    sha1_digest(&sha1, sizeof(digest), digest);
    base64_encode_raw(accept, sizeof(digest), digest);
    buf_append_format(fifo_tail(&served->out),
                      "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n",
                      accept);
    served->is_websocket = true;
    asked->is_open = false;
}

/* The longest prefix counts first. */
bool asked_give_own(struct served *served, struct asked *asked, const struct buf *token)
{
    static const char user[] =
        "{\"id\":{\"entityType\":\"USER\",\"id\":\"11111111-1111-1111-1111-111111111111\"},"
        "\"email\":\"a@example.org\",\"authority\":\"TENANT_ADMIN\"}";
    static const char nothing[] = "/api/noauth/";
    struct message message = {.status = 200, .header = "Content-Type: application/json"};

    if (strcmp(asked->path, "/api/auth/user") == 0)
        message.body = user;
    else if (strcmp(asked->path, "/api/auth/login") == 0 || strcmp(asked->path, "/api/auth/token") == 0)
        message.body = token->data;
    else if (strncmp(asked->path, nothing, strlen(nothing)) == 0 || strncmp(asked->path, "/v3/", 4) == 0)
        message = (struct message){.status = 404, .header = "", .body = ""};
    else
        return false;
    message.length = strlen(message.body);
    give(served, asked, &message);
    return true;
}

void asked_give(struct served *served, struct asked *asked, const struct server_answer *answer)
{
    static const unsigned statuses[] = {200, 404, 429, 503, 401, 500, 204, 304, 302, 400, 502, 403};
    static const char *const headers[] = {"",
                                          "Retry-After: 1",
                                          "Content-Type: text/event-stream",
                                          "Content-Type: application/json",
                                          "Connection: close",
                                          "Location: /api/x",
                                          "Date: Sun, 29 Nov 2026 18:00:00 GMT",
                                          "Retry-After: 90000"};
    size_t room = answer->framing & 4 ? LARGE : 100;
    char *body = malloc(room + 100);
    struct message message = {.status = statuses[answer->status % ARRAY_SIZE(statuses)],
                              .header = headers[answer->header % ARRAY_SIZE(headers)],
                              .body = body,
                              .framing = answer->framing & 3};

    if (*asked->key && message.status == 200) {
        give_handshake(served, asked);
    } else {
        message.length = (size_t)snprintf(body, room + 100, "{\"for\":\"%s\",\"x\":\"%*s\"}", asked->mark,
                                          answer->framing & 4 ? LARGE : 1, "y");
        give(served, asked, &message);
    }
    free(body);
}
