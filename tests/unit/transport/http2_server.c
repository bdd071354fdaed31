/* SPDX-License-Identifier: Apache-2.0 */
#include "http2_server.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "transport/http2_private.h"

#define FRAME_HEAD 9
#define FRAME_MAX  16384
#define INPUT_MAX  (1 << 28)

struct world world;

static struct buf output;

struct server_stream *stream_of(int32_t id)
{
    ck_assert_int_eq(id % 2, 1);
    ck_assert_int_lt(id / 2, SERVER_STREAMS);
    return &world.streams[id / 2];
}

static uint32_t number(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return ntohl(value);
}

static void put_number(uint8_t *bytes, uint32_t value)
{
    value = htonl(value);
    memcpy(bytes, &value, sizeof(value));
}

/* ---- reading ---- */

static void read_header(struct server_stream *stream, const uint8_t *block, size_t length)
{
    size_t used = strlen(stream->header);
    int flags = 0;

    stream->has_header = true;
    while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        nghttp2_nv field;
        ssize_t n = nghttp2_hd_inflate_hd2(world.inflater, &field, &flags, block, length, 1);

        ck_assert_int_ge(n, 0);
        block += n;
        length -= (size_t)n;
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            used += (size_t)snprintf(stream->header + used, sizeof(stream->header) - used, "%.*s: %.*s\n",
                                     (int)field.namelen, field.name, (int)field.valuelen, field.value);
    }
    ck_assert_uint_lt(used, sizeof(stream->header));
    nghttp2_hd_inflate_end_headers(world.inflater);
}

static void read_settings(uint8_t flags, const uint8_t *payload, size_t length)
{
    size_t i;

    world.settings_acks += (flags & NGHTTP2_FLAG_ACK) != 0;
    for (i = 0; i + 6 <= length; i += 6) {
        ck_assert_uint_lt(payload[i + 1], ARRAY_SIZE(world.settings));
        world.settings[payload[i + 1]] = number(payload + i + 2);
    }
}

static void read_control(uint8_t type, uint8_t flags, const uint8_t *payload, size_t length)
{
    if (type == NGHTTP2_SETTINGS) {
        read_settings(flags, payload, length);
    } else if (type == NGHTTP2_PING) {
        world.ping_acks += (flags & NGHTTP2_FLAG_ACK) != 0;
        world.pings += !(flags & NGHTTP2_FLAG_ACK);
    } else if (type == NGHTTP2_WINDOW_UPDATE) {
        world.credit += number(payload);
    } else {
        ck_assert_int_eq(type, NGHTTP2_GOAWAY);
        world.goaway = number(payload + 4);
        snprintf(world.goaway_text, sizeof(world.goaway_text), "%.*s", (int)length - 8, payload + 8);
    }
}

static void read_of_stream(uint8_t type, uint8_t flags, int32_t id, const uint8_t *payload, size_t length)
{
    struct server_stream *stream = stream_of(id);

    if (type == NGHTTP2_WINDOW_UPDATE) {
        stream->credit += number(payload);
        return;
    }
    if (type == NGHTTP2_RST_STREAM) {
        stream->reset = number(payload);
        return;
    }
    ck_assert(!stream->has_end);
    stream->has_end = flags & NGHTTP2_FLAG_END_STREAM;
    if (type == NGHTTP2_DATA) {
        stream->data_frames++;
        ck_assert_int_eq(buf_append(&stream->body, payload, length), 0);
    } else {
        ck_assert_int_eq(type, NGHTTP2_HEADERS);
        ck_assert(flags & NGHTTP2_FLAG_END_HEADERS);
        read_header(stream, payload, length);
    }
}

/* Returns the bytes of the first frame; 0: it is not whole. */
static size_t read_frame(const uint8_t *bytes, size_t size)
{
    size_t length = size < FRAME_HEAD ? 0 : (size_t)(bytes[0] << 16 | bytes[1] << 8 | bytes[2]);
    int32_t id;

    if (size < FRAME_HEAD + length)
        return 0;
    ck_assert_uint_le(length, FRAME_MAX);
    id = (int32_t)number(bytes + 5);
    if (id == 0)
        read_control(bytes[3], bytes[4], bytes + FRAME_HEAD, length);
    else
        read_of_stream(bytes[3], bytes[4], id, bytes + FRAME_HEAD, length);
    return FRAME_HEAD + length;
}

static void read_input(void)
{
    struct fifo *sent = &world.transport.sent;
    size_t length = 1;

    if (!world.has_preface && fifo_length(sent) >= NGHTTP2_CLIENT_MAGIC_LEN) {
        ck_assert_int_eq(memcmp(fifo_data(sent), NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN), 0);
        fifo_consume(sent, NGHTTP2_CLIENT_MAGIC_LEN);
        world.has_preface = true;
    }
    while (world.has_preface && length > 0) {
        length = read_frame((const uint8_t *)fifo_data(sent), fifo_length(sent));
        fifo_consume(sent, length);
    }
}

void world_run(void)
{
    fake_pool_run(&world.transport);
    read_input();
}

/* ---- sending ---- */

void server_add(uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t length)
{
    uint8_t head[FRAME_HEAD] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, type,
                                flags};

    put_number(head + 5, (uint32_t)id);
    ck_assert_int_eq(buf_append(&output, head, sizeof(head)), 0);
    ck_assert_int_eq(buf_append(&output, payload, length), 0);
}

void server_send(void)
{
    fake_pool_receive(&world.transport, output.data, output.len);
    buf_clear(&output);
    read_input();
}

void server_frame(uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t length)
{
    server_add(type, flags, id, payload, length);
    server_send();
}

/* A literal field without indexing (RFC 7541, section 6.2.2), so that the server needs no table. */
static size_t add_field(uint8_t *block, const char *name, const char *value)
{
    size_t name_length = strlen(name), length = strlen(value), used = 0;

    block[used++] = 0;
    ck_assert_uint_lt(name_length, 127);
    block[used++] = (uint8_t)name_length;
    memcpy(block + used, name, name_length);
    used += name_length;
    block[used++] = (uint8_t)(length < 127 ? length : 127);
    if (length >= 127) { /* RFC 7541, section 5.1 */
        size_t rest = length - 127;

        for (; rest >= 128; rest /= 128)
            block[used++] = (uint8_t)(rest % 128 + 128);
        block[used++] = (uint8_t)rest;
    }
    memcpy(block + used, value, length);
    return used + length;
}

void server_header(int32_t id, const char *status, const char *const *lines, bool is_last)
{
    static uint8_t block[1 << 18];
    uint8_t end = is_last ? NGHTTP2_FLAG_END_STREAM : 0, type = NGHTTP2_HEADERS;
    size_t used = status ? add_field(block, ":status", status) : 0, at = 0;

    for (; lines && *lines; lines += 2)
        used += add_field(block + used, lines[0], lines[1]);
    do {
        size_t length = used - at < FRAME_MAX ? used - at : FRAME_MAX;

        server_add(type, (uint8_t)(end | (at + length == used ? NGHTTP2_FLAG_END_HEADERS : 0)), id,
                   block + at, length);
        type = NGHTTP2_CONTINUATION;
        end = 0;
        at += length;
    } while (at < used);
    server_send();
}

void server_data(int32_t id, const void *data, size_t length, bool is_last)
{
    size_t at = 0;

    do {
        size_t part = length - at < FRAME_MAX ? length - at : FRAME_MAX;

        server_add(NGHTTP2_DATA, is_last && at + part == length ? NGHTTP2_FLAG_END_STREAM : 0, id,
                   (const char *)data + at, part);
        at += part;
    } while (at < length);
    world.credit -= (int64_t)length;
    stream_of(id)->credit -= (int64_t)length;
    ck_assert_int_ge(world.credit, 0);
    ck_assert_int_ge(stream_of(id)->credit, 0);
    server_send();
}

void server_answer(int32_t id, const char *text)
{
    server_header(id, "200", NULL, false);
    server_data(id, text, strlen(text), true);
}

void server_settings(uint16_t id, uint32_t value)
{
    uint8_t payload[6] = {(uint8_t)(id >> 8), (uint8_t)id};

    put_number(payload + 2, value);
    server_frame(NGHTTP2_SETTINGS, 0, 0, payload, sizeof(payload));
}

void server_reset(int32_t id, uint32_t code)
{
    uint8_t payload[4];

    put_number(payload, code);
    server_frame(NGHTTP2_RST_STREAM, 0, id, payload, sizeof(payload));
}

void server_goaway(int32_t last_id, uint32_t code)
{
    uint8_t payload[8];

    put_number(payload, (uint32_t)last_id);
    put_number(payload + 4, code);
    server_frame(NGHTTP2_GOAWAY, 0, 0, payload, sizeof(payload));
}

void server_window(int32_t id, uint32_t bytes)
{
    uint8_t payload[4];

    put_number(payload, bytes);
    server_frame(NGHTTP2_WINDOW_UPDATE, 0, id, payload, sizeof(payload));
}

/* ---- the world ---- */

void world_open_silent(void)
{
    size_t i;

    memset(&world, 0, sizeof(world));
    output.max = INPUT_MAX;
    ck_assert_int_eq(nghttp2_hd_inflate_new(&world.inflater), 0);
    world.goaway = -1;
    world.credit = 65535;
    for (i = 0; i < SERVER_STREAMS; i++) {
        world.streams[i].reset = -1;
        world.streams[i].credit = HTTP2_WINDOW_BYTES;
        world.streams[i].body.max = INPUT_MAX;
    }
    fake_pool_open(&world.transport, &http2_protocol);
}

void world_open(uint32_t max_streams)
{
    world_open_silent();
    world.transport.max_streams = SERVER_STREAMS;
    world_run();
    server_settings(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams);
    server_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, NULL, 0);
}

void world_close(void)
{
    size_t i;

    fake_pool_close(&world.transport);
    nghttp2_hd_inflate_del(world.inflater);
    for (i = 0; i < SERVER_STREAMS; i++)
        buf_free(&world.streams[i].body);
    buf_free(&output);
}

int32_t world_start(struct fake_call *call)
{
    const struct http2_stream *stream;
    int32_t id;

    ck_assert(fake_call_start(&world.transport, call));
    stream = call->transfer.stream;
    id = stream ? stream->id : 0;
    world_run();
    return id;
}

int32_t world_get(struct fake_call *call)
{
    fake_call_prepare(call, "GET", true);
    call->transfer.may_be_sent_twice = true;
    return world_start(call);
}

int32_t world_post(struct fake_call *call, const char *text)
{
    fake_call_prepare(call, "POST", false);
    call->transfer.body = text;
    call->transfer.body_length = strlen(text);
    return world_start(call);
}

void expect_answer(const struct fake_call *call, int status, const char *body)
{
    const struct buf *text =
        call->transfer.write && status < 300 ? &call->taken : &call->transfer.response_body;

    ck_assert_int_eq(call->outcome, FAKE_ANSWERED);
    ck_assert_int_eq(call->transfer.status, status);
    ck_assert_uint_eq(text->len, strlen(body));
    ck_assert_int_eq(memcmp(text->len ? text->data : "", body, text->len), 0);
}

void expect_failure(const struct fake_call *call, enum transfer_knowledge knowledge, const char *token)
{
    ck_assert_int_eq(call->outcome, FAKE_FAILED);
    ck_assert_int_eq(call->knowledge, knowledge);
    ck_assert_str_eq(call->token, token);
    ck_assert_uint_gt(strlen(call->detail), 0);
}
