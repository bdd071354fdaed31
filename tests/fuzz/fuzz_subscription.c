/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the server sends on the WebSocket of subscriptions: subscribers get points of one time, with ids
 * that never go back, and nothing after a refusal; and what is sent is whole frames of JSON. */
#include <errno.h>

#include "fuzz.h"
#include "proxy/subscribe/subscription.h"

#define SUBSCRIBERS 3
#define NOW_MS      INT64_C(1795415670063)
#define TURNS_MAX   64

struct watcher {
    struct subscriber subscriber;
    int64_t last_id;
    unsigned room; /* for so many more events */
    bool refused;
};

static struct {
    struct loop loop;
    struct upstream upstream;
    struct websocket_token token;
    struct metrics *metrics;
    struct request_options options;
    struct subscriptions room;
    struct watcher watchers[SUBSCRIBERS];
    const uint8_t *at, *end; /* what the server still sends */
    size_t step;
    struct frame_reader sent;
    struct buf command;
} world;

/* ---- in place of the connection ---- */

int64_t __wrap_upstream_clock_now_ms(const struct upstream_clock *clock);
struct transport *__wrap_upstream_websocket_transport(const struct upstream *upstream);
void __wrap_websocket_token_get(struct websocket_token *token, struct websocket_token_wait *wait);
void __wrap_websocket_token_cancel(struct websocket_token_wait *wait);
void __wrap_websocket_token_refused(struct websocket_token *token, uint64_t generation);
int __wrap_websocket_open(struct websocket *websocket, struct transport *transport);
int __wrap_websocket_send(struct websocket *websocket, const void *data, size_t length, size_t *ret);
int __wrap_websocket_recv(struct websocket *websocket, void *data, size_t size, size_t *ret);
void __wrap_websocket_close(struct websocket *websocket);

int64_t __wrap_upstream_clock_now_ms(const struct upstream_clock *clock)
{
    (void)clock;
    return NOW_MS;
}

struct transport *__wrap_upstream_websocket_transport(const struct upstream *upstream)
{
    (void)upstream;
    return NULL;
}

void __wrap_websocket_token_get(struct websocket_token *token, struct websocket_token_wait *wait)
{
    (void)token;
    wait->done(wait, "e30.e30.c2ln", NULL);
}

void __wrap_websocket_token_cancel(struct websocket_token_wait *wait)
{
    (void)wait;
}

void __wrap_websocket_token_refused(struct websocket_token *token, uint64_t generation)
{
    (void)token, (void)generation;
}

int __wrap_websocket_open(struct websocket *websocket, struct transport *transport)
{
    (void)transport;
    websocket->state = WEBSOCKET_CONNECTING;
    world.sent = (struct frame_reader){.masked = true};
    buf_clear(&world.command);
    return 0;
}

int __wrap_websocket_send(struct websocket *websocket, const void *data, size_t length, size_t *ret)
{
    const char *bytes = data;
    ssize_t n = 0;

    if (websocket->state != WEBSOCKET_OPEN)
        return -EAGAIN;
    for (*ret = 0; *ret < length; *ret += (size_t)n) {
        n = frame_read(&world.sent, bytes + *ret, length - *ret);
        must(n > 0 && frame_reader_append_part(&world.sent, &world.command) == 0);
        if (!world.sent.ended)
            continue;
        if (world.sent.frame.opcode == FRAME_TEXT) {
            json_t *command = json_loadb(world.command.data, world.command.len, 0, NULL);

            must(json_is_object(command) && world.command.len <= SUBSCRIPTION_SOCKET_COMMAND_BYTES);
            json_decref(command);
        }
        buf_clear(&world.command);
    }
    return 0;
}

int __wrap_websocket_recv(struct websocket *websocket, void *data, size_t size, size_t *ret)
{
    size_t left = (size_t)(world.end - world.at), length = left < world.step ? left : world.step;

    must(websocket->state == WEBSOCKET_OPEN);
    if (length == 0)
        return -EAGAIN;
    *ret = length < size ? length : size;
    memcpy(data, world.at, *ret);
    world.at += *ret;
    return 0;
}

void __wrap_websocket_close(struct websocket *websocket)
{
    websocket->state = WEBSOCKET_CLOSED;
}

/* ---- subscribers ---- */

static bool take_event(struct subscriber *subscriber, int64_t id, const struct point *points, size_t count)
{
    struct watcher *watcher = CONTAINER_OF(subscriber, struct watcher, subscriber);
    size_t i;

    must(count >= 1 && !watcher->refused && id >= watcher->last_id);
    for (i = 0; i < count; i++)
        must(points[i].ts_ms == points->ts_ms && points[i].key && points[i].value);
    must(id <= NOW_MS + SUBSCRIPTION_AHEAD_MS);
    if (watcher->room == 0)
        return false;
    watcher->room--;
    watcher->last_id = id;
    return true;
}

static void begin(struct subscriber *subscriber)
{
    must(!CONTAINER_OF(subscriber, struct watcher, subscriber)->refused);
}

static void lose(struct subscriber *subscriber, const char *reason)
{
    (void)subscriber;
    must(*reason != '\0');
}

static void refuse(struct subscriber *subscriber, int status, const char *reason)
{
    struct watcher *watcher = CONTAINER_OF(subscriber, struct watcher, subscriber);

    must(!watcher->refused && status >= 400 && status <= 599 && *reason != '\0');
    watcher->refused = true;
}

static void subscribe_all(uint8_t flags)
{
    static const struct subscription_target targets[] = {
        {"DEVICE", "784f394c-42b6-435a-983c-b7beff2784f9", NULL, ""},
        {"DEVICE", "784f394c-42b6-435a-983c-b7beff2784f9", NULL, ""},
        {"ASSET", "784f394c-42b6-435a-983c-b7beff2784f9", "SERVER_SCOPE", "a,b"},
    };
    size_t i;

    for (i = 0; i < SUBSCRIBERS; i++) {
        world.watchers[i] = (struct watcher){.subscriber = {.since_ms = i == 1 ? 1000 : -1,
                                                            .event = take_event,
                                                            .began = begin,
                                                            .lost = lose,
                                                            .refused = refuse},
                                             .last_id = i == 1 ? 1000 : 0,
                                             .room = flags & 2 ? 1 : 1000};
        must(subscribe(&world.room, &targets[i], &world.watchers[i].subscriber) == 0);
    }
}

/* ---- a run ---- */

static void open_world(uint8_t flags)
{
    if (!world.upstream.loop) {
        must(loop_init(&world.loop) == 0);
        world.upstream.loop = &world.loop;
        world.command.max = 1 << 20;
        world.metrics = metrics_new();
        fuzz_silence();
    }
    world.room = (struct subscriptions){0};
    subscriptions_init(&world.room, &world.upstream, &world.token, &world.options, world.metrics);
    subscribe_all(flags);
    must(loop_turn(&world.loop, 0) == 0 && world.room.socket.is_open);
    world.room.socket.websocket.state = WEBSOCKET_OPEN;
    world.room.socket.websocket.opened(&world.room.socket.websocket);
}

static void run(void)
{
    unsigned turn;
    size_t i;

    for (turn = 0; turn < TURNS_MAX && world.room.socket.websocket.state == WEBSOCKET_OPEN; turn++) {
        world.room.socket.websocket.ready(&world.room.socket.websocket);
        for (i = 0; i < SUBSCRIBERS; i++)
            if (world.watchers[i].subscriber.state == SUBSCRIBER_BEHIND && !world.watchers[i].refused) {
                world.watchers[i].room = 1000;
                subscriber_catch_up(&world.watchers[i].subscriber);
            }
    }
    must(subscribers_count(&world.room) == SUBSCRIBERS && subscriptions_count(&world.room) == 2);
}

/* Each line as a message. */
static void frame_lines(const uint8_t *data, size_t size, struct buf *out)
{
    const uint8_t *end = data + size, *line_end;

    for (; data < end; data = line_end + 1) {
        line_end = memchr(data, '\n', (size_t)(end - data));
        line_end = line_end ? line_end : end;
        must(frame_put(out, FRAME_TEXT, false, data, (size_t)(line_end - data)) == 0);
    }
}

/* The input: a byte of flags, then lines that are messages; or frames. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf frames = BUF_INIT(1 << 20);
    size_t i;

    if (size < 1)
        return 0;
    buf_append_string(&frames, "");
    if (data[0] & 1)
        buf_append(&frames, data + 1, size - 1);
    else
        frame_lines(data + 1, size - 1, &frames);
    world.at = world.end = NULL;
    open_world(data[0]);
    world.step = data[0] & 4 ? 16 : 16384;
    world.at = (const uint8_t *)frames.data;
    world.end = world.at + frames.len;
    run();
    for (i = 0; i < SUBSCRIBERS; i++)
        unsubscribe(&world.watchers[i].subscriber);
    must(subscriptions_count(&world.room) == 0);
    subscriptions_close(&world.room);
    buf_free(&frames);
    return 0;
}
