/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that sends whatever it wants on an HTTP/2 connection, while transfers come, stall, go on and are
 * cancelled: each is reported exactly once (the fake pool sees to that), none that is called unsent was sent,
 * none has a byte of a body that did not come, and what is kept has its bounds.
 */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdint.h>

#include "fake_pool.h"
#include "transport/http2_private.h"

#define CALLS_MAX  16
#define FRAME_HEAD 9
#define FRAME_MAX  16384
#define IDS_MAX    (2 * CALLS_MAX + 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct transport transport;
    struct fake_call calls[CALLS_MAX];
    int32_t ids[CALLS_MAX]; /* 0: not known */
    size_t count;
    uint64_t received;        /* bytes that came */
    size_t sent_at;           /* of transport.sent, what was looked at */
    bool has_header[IDS_MAX]; /* streams that a request was sent on */
} world;

/* ---- the input ---- */

struct input {
    const uint8_t *at, *end;
};

static uint8_t take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* ---- the transfers ---- */

static void start(uint8_t kind)
{
    static const char body[] = "a body in memory";
    static const char *const lines[] = {"X-Authorization: Bearer x", "Accept: */*", NULL};
    struct fake_call *call = &world.calls[world.count];

    if (world.count == CALLS_MAX)
        return;
    fake_call_prepare(call, kind & 1 ? "POST" : kind & 2 ? "HEAD" : "GET", kind & 4);
    call->transfer.headers = kind & 8 ? lines : NULL;
    call->transfer.may_be_sent_twice = !(kind & 1);
    if (kind & 1 && kind & 2) {
        fake_call_read(call, 70000, kind & 8);
        call->source_ready = kind & 16 ? 70000 : 100;
    } else if (kind & 1) {
        call->transfer.body = body;
        call->transfer.body_length = sizeof(body);
    }
    call->is_late = kind & 32;
    if (kind & 64) {
        call->transfer.response_max = 1000;
        call->transfer.cut = kind & 128;
    } else if (kind & 128) {
        call->cancels = true;
    }
    if (fake_call_start(&world.transport, call))
        world.count++;
    else
        fake_call_free(call);
}

static void change(uint8_t what)
{
    struct fake_call *call = &world.calls[what % CALLS_MAX];

    if (call->outcome != FAKE_UNDER_WAY)
        return;
    call->is_late = what & 16;
    call->source_ready = call->source_length;
    if (what & 32)
        call->write_result = -EPIPE;
    if (what & 64)
        call->read_error = -EIO;
    if (what & 128)
        fake_call_cancel(call);
    else
        fake_call_resume(call);
}

/* ---- the server ---- */

static void send_bytes(const void *bytes, size_t length)
{
    world.received += length;
    fake_pool_receive(&world.transport, bytes, length);
}

static void send_raw(struct input *input)
{
    size_t length = take(input), left = (size_t)(input->end - input->at);

    if (length > left)
        length = left;
    send_bytes(input->at, length);
    input->at += length;
}

/* A frame with a payload of the input or, if that is 255 bytes long, of as many zeros as fit. */
static void send_frame(struct input *input)
{
    static uint8_t frame[FRAME_HEAD + FRAME_MAX];
    uint8_t type = take(input), flags = take(input), id = take(input);
    size_t i, given = take(input), length = given == 255 ? FRAME_MAX : given;

    memset(frame, 0, sizeof(frame));
    frame[1] = (uint8_t)(length >> 8);
    frame[2] = (uint8_t)length;
    frame[3] = type;
    frame[4] = flags;
    frame[8] = id;
    for (i = 0; i < given && given < 255; i++)
        frame[FRAME_HEAD + i] = take(input);
    send_bytes(frame, FRAME_HEAD + length);
}

static void flood(struct input *input)
{
    unsigned times = take(input);
    struct input begin = *input;

    for (; times > 0; times--) {
        *input = begin;
        send_frame(input);
    }
}

/* ---- the checks ---- */

static void must(bool kept)
{
    if (!kept)
        abort();
}

/* Finds the requests' headers in what the client has sent. */
static void look_at_sent(void)
{
    const struct fifo *sent = &world.transport.sent;
    const uint8_t *bytes = (const uint8_t *)fifo_data(sent);
    size_t total = fifo_length(sent);

    if (world.sent_at == 0 && total >= NGHTTP2_CLIENT_MAGIC_LEN)
        world.sent_at = NGHTTP2_CLIENT_MAGIC_LEN;
    while (world.sent_at > 0 && world.sent_at + FRAME_HEAD <= total) {
        const uint8_t *frame = bytes + world.sent_at;

        if (frame[3] == NGHTTP2_HEADERS) { /* it has begun */
            must(frame[8] < IDS_MAX);
            world.has_header[frame[8]] = true;
        }
        world.sent_at += FRAME_HEAD + (size_t)(frame[0] << 16 | frame[1] << 8 | frame[2]);
    }
}

static void check(void)
{
    const struct http2 *http2 = world.transport.connection.state;
    uint64_t bodies = 0;
    size_t i;

    look_at_sent();
    for (i = 0; i < world.count; i++) {
        const struct fake_call *call = &world.calls[i];
        const struct http2_stream *stream = call->transfer.stream;

        if (call->outcome == FAKE_UNDER_WAY && stream && stream->id)
            world.ids[i] = stream->id;
        must(!(call->outcome == FAKE_FAILED && call->knowledge == TRANSFER_NOT_SENT &&
               world.has_header[world.ids[i]]));
        must(fifo_length(&call->transfer.held) <= HTTP2_WINDOW_MAX_BYTES);
        must(!(call->outcome == FAKE_ANSWERED && strcmp(call->transfer.method, "HEAD") == 0 &&
               call->transfer.response_body.len > 0));
        bodies += call->taken.len + fifo_length(&call->transfer.held) + call->transfer.response_body.len;
    }
    must(bodies <= world.received);
    must(fifo_length(&http2->out) <= 2 * HTTP2_OUT_BYTES + FRAME_MAX + FRAME_HEAD);
    must(http2->stream_count <= CALLS_MAX);
    must(nghttp2_session_get_outbound_queue_size(http2->session) <=
         HTTP2_ACKS_MAX + 2 + 8 * CALLS_MAX + 1024);
}

static void act(struct input *input)
{
    static const int errors[] = {0, -ECONNRESET};
    uint8_t what = take(input);

    switch (what % 10) {
    case 0:
        return send_raw(input);
    case 1:
    case 2:
        return send_frame(input);
    case 3:
        return flood(input);
    case 4:
        return start(take(input));
    case 5:
        return change(take(input));
    case 6:
        return fake_pool_wait(&world.transport, 100 * take(input));
    case 7:
        world.transport.send_room = what & 128 ? SIZE_MAX : (size_t)take(input) * 16;
        return fake_pool_receive(&world.transport, "", 0);
    case 8:
        return fake_pool_run(&world.transport);
    default:
        if (what & 128)
            world.transport.send_error = -EPIPE;
        else if (!world.transport.connection.is_lost)
            fake_pool_end(&world.transport, errors[what / 10 % 2]);
    }
}

/* The input: actions, each a byte and what it needs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    size_t i;

    memset(&world, 0, sizeof(world));
    fake_pool_open(&world.transport, &http2_protocol);
    world.transport.growth_left = 8 << 20;
    while (input.at < input.end) {
        act(&input);
        check();
    }
    fake_pool_close(&world.transport);
    for (i = 0; i < world.count; i++)
        fake_call_free(&world.calls[i]);
    return 0;
}
