/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole tbproxyd between hostile programs and a hostile server, on virtual time. Whatever they send and
 * however they end: no program gets an answer that it did not ask for, or a byte of another's, or a secret;
 * what reaches the server can be read in one way; every request ends in time; and nothing is left afterwards.
 */
#include <fcntl.h>

#include "base/hash.h"
#include "fuzz.h"
#include "fuzzed_daemon.h"
#include "hostile_client.h"
#include "hostile_server.h"
#include "upstream/jwt.h"
#include "virtual_time.h"

/* Within this every request has ended: an RPC may have 305 s. */
#define REQUESTS_END_MS INT64_C(400000)
#define CLOSING_MS      INT64_C(60000)
#define QUIET_MS        6000
#define DESCRIPTORS_MAX 256
#define STAGE_STEP_MS   1000 /* if tbproxyd itself has no timer */

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* How a run goes on when the input is used up. */
enum stage {
    ACTING,
    SERVER_FINISHES, /* it answers all, or nothing, as the input says */
    SERVER_IS_AWAY,
    CLIENTS_LEAVE,
};

enum ending { ENDS_AWAY, ENDS_SILENT, ENDS_ANSWERING };

static struct {
    const uint8_t *at, *end; /* of the input */
    enum stage stage;
    enum ending ending;
    int64_t until_ms; /* the stage has ended */
    int64_t quiet_since_ms;
    int64_t wait_ms; /* before the next action */
    struct daemon daemon;
    struct hostile_client clients[CLIENTS];
    struct hostile_server server;
    struct buf token; /* that the server gives to those who log in */
} world;

/* ---- the input ---- */

static unsigned take(void)
{
    return world.at < world.end ? *world.at++ : 0;
}

/* Bytes of the input, as many as the next byte says; *RET is their beginning. */
static size_t take_bytes(const uint8_t **ret)
{
    size_t length = take(), left = (size_t)(world.end - world.at);

    if (length > left)
        length = left;
    *ret = world.at;
    world.at += length;
    return length;
}

/* ---- actions ---- */

/* The last client is an administrator. */
static struct hostile_client *next_client(void)
{
    unsigned number = take() % CLIENTS;

    client_open(&world.clients[number], fuzzed_daemon_path(number == CLIENTS - 1 ? "admin" : "socket"));
    return &world.clients[number];
}

static void act_as_client(unsigned what)
{
    struct hostile_client *client = next_client();
    const uint8_t *bytes;
    size_t length;

    if (what == 0 || what == 1) {
        unsigned kind = take();

        client_ask(client, kind, take());
    } else if (what == 2) {
        length = take_bytes(&bytes);
        client_send(client, bytes, length);
    } else if (what == 3) {
        client->allowed = take() * 4;
        if (client->allowed == 0)
            client->allowed = SIZE_MAX;
    } else if (what == 4) {
        client_end(client, take() % 2);
    } else if (what == 5) {
        client->is_deaf = !client->is_deaf;
    } else if (what == 6) {
        unsigned opcode = take();

        length = take_bytes(&bytes);
        client_send_frame(client, opcode, bytes, length);
    }
}

static void act_as_server(unsigned what)
{
    struct served *served = server_connection(&world.server, take(), what == 7 || what == 8);
    struct server_answer answer;
    const uint8_t *bytes;
    unsigned wanted;
    size_t length;

    if (!served)
        return;
    if (what == 7 || what == 8) {
        wanted = take();
        answer = (struct server_answer){.status = wanted >> 4, .header = wanted & 7, .framing = take()};
        server_give(served, answer.framing >> 4, &answer);
    } else if (what == 9) {
        served->is_raw = true;
        length = take_bytes(&bytes);
        server_say(served, bytes, length);
    } else if (what == 10) {
        unsigned type = take(), flags = take(), id = take();

        served->is_raw = true;
        length = take_bytes(&bytes);
        server_say_frame(served, type, flags, id, bytes, length);
    } else if (what == 11) {
        server_end(served, take() % 2);
    } else if (what == 12) {
        served->allowed = take() * 4;
        if (served->allowed == 0)
            served->allowed = SIZE_MAX;
    } else if (what == 13) {
        length = take_bytes(&bytes);
        if (served->is_websocket)
            server_say_message(served, bytes, length);
    }
}

static void act(void)
{
    unsigned what = take() & 31;
    struct tb_error err = TB_ERROR_INIT;

    if (what <= 6)
        act_as_client(what);
    else if (what <= 13)
        act_as_server(what);
    else if (what == 14)
        world.server.is_away = !world.server.is_away;
    else if (what == 15)
        daemon_begin_drain(&world.daemon);
    else if (what == 16)
        must(daemon_reload(&world.daemon, NULL, &err) == 0);
    else if (what < 24)
        world.wait_ms = take() * INT64_C(10);
    else
        world.wait_ms = take() * INT64_C(200);
}

/* ---- the end ---- */

/* None is under way, and none comes from a connection that waits for a place, or behind another request. */
static bool requests_have_ended(void)
{
    int64_t now_ms = virtual_time_ms();

    if (!fuzzed_daemon_has_only_streams(&world.daemon))
        world.quiet_since_ms = now_ms;
    return now_ms - world.quiet_since_ms >= QUIET_MS;
}

static void check_clients(void)
{
    size_t i, j;

    for (i = 0; i < CLIENTS; i++) {
        client_check(&world.clients[i]);
        client_check_lacks(&world.clients[i], SERVER_KEY);
        client_check_lacks(&world.clients[i], SERVER_PASSWORD);
        client_check_lacks(&world.clients[i], world.token.data);
        for (j = 0; j < CLIENTS; j++)
            if (i != j)
                client_check_apart(&world.clients[i], &world.clients[j]);
    }
}

static void begin_stage(enum stage stage, int64_t length_ms)
{
    world.stage = stage;
    world.quiet_since_ms = virtual_time_ms();
    world.until_ms = virtual_time_ms() + length_ms;
}

static void let_clients_go_on(void)
{
    size_t i;

    for (i = 0; i < CLIENTS; i++) {
        world.clients[i].allowed = SIZE_MAX;
        world.clients[i].is_deaf = false;
    }
}

static void finish_acting(void)
{
    size_t i;

    let_clients_go_on();
    for (i = 0; i < SERVER_CONNECTIONS; i++)
        world.server.served[i].allowed = SIZE_MAX;
    world.server.answers_all = world.ending == ENDS_ANSWERING;
    world.server.is_away = false;
    begin_stage(SERVER_FINISHES, REQUESTS_END_MS);
}

static void go_away(void)
{
    world.server.is_away = true;
    server_end_all(&world.server);
    begin_stage(SERVER_IS_AWAY, REQUESTS_END_MS);
}

static void leave(void)
{
    size_t i;

    check_clients();
    for (i = 0; i < CLIENTS; i++)
        client_end(&world.clients[i], CLIENT_CLOSES);
    begin_stage(CLIENTS_LEAVE, CLOSING_MS);
}

/* Goes on to the next stage if it is time. Returns whether anything was done. */
static bool go_on(void)
{
    bool is_over = virtual_time_ms() >= world.until_ms;

    if (world.daemon.services.draining)
        return false; /* it ends by itself, in limits.drain_timeout_ms */
    if (world.stage == ACTING) {
        finish_acting();
        if (world.ending == ENDS_AWAY)
            go_away();
    } else if (world.stage == SERVER_FINISHES && (is_over || requests_have_ended())) {
        must(fuzzed_daemon_has_answered_all(&world.daemon));
        go_away();
    } else if (world.stage == SERVER_IS_AWAY && requests_have_ended()) {
        leave();
    } else if (world.stage == CLIENTS_LEAVE && world.daemon.services.open_peers == 0) {
        fuzzed_daemon_check_empty(&world.daemon);
        daemon_begin_drain(&world.daemon);
    } else {
        if (is_over)
            fuzzed_daemon_print(&world.daemon);
        must(!is_over);
        return false;
    }
    return true;
}

static bool move(void)
{
    bool moved = server_move(&world.server);
    size_t i;

    for (i = 0; i < CLIENTS; i++)
        moved |= client_move(&world.clients[i]);
    return moved;
}

static int64_t world_idle(int64_t max_ms)
{
    int64_t passed_ms = max_ms;

    if (move())
        return -1;
    if (world.stage == ACTING && world.wait_ms > 0) {
        if (max_ms < 0 || world.wait_ms < max_ms)
            passed_ms = world.wait_ms;
        world.wait_ms -= passed_ms;
        return passed_ms;
    }
    if (world.stage == ACTING && world.at < world.end) {
        act();
        return -1;
    }
    if (go_on())
        return -1;
    return max_ms < 0 ? STAGE_STEP_MS : max_ms;
}

/* ---- */

static void make_token(void)
{
    long long now_s = clock_wall_ms() / 1000;
    char claims[120];

    world.token.max = 1000;
    world.server.token.max = 3000;
    snprintf(claims, sizeof(claims), "{\"sub\":\"a@example.org\",\"iat\":%lld,\"exp\":%lld}", now_s,
             now_s + 9000);
    must(jwt_write("{\"alg\":\"HS512\"}", claims, "the signature", &world.token) == 0);
    must(buf_append_format(&world.server.token, "{\"token\":\"%s\",\"refreshToken\":\"%s\"}",
                           world.token.data, world.token.data) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzzed_daemon_prepare();
    server_open(&world.server, fuzzed_daemon_path("server"));
    make_token();
    return 0;
}

/* Open descriptors. */
static unsigned count_descriptors(void)
{
    unsigned count = 0;
    int fd;

    for (fd = 0; fd < DESCRIPTORS_MAX; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void begin(unsigned kind, uint32_t seed)
{
    static const char *const nothing_more[] = {NULL};
    unsigned i;

    world.stage = ACTING;
    world.ending = (kind >> 5) % 3;
    world.wait_ms = 0;
    for (i = 0; i < CLIENTS; i++)
        client_prepare(&world.clients[i], i, seed);
    world.server.is_polite = !(take() & 1);
    world.server.answers_all = world.server.is_away = false;
    server_begin(&world.server);
    virtual_time_begin(world_idle);
    fuzzed_daemon_start(&world.daemon, kind, nothing_more);
}

static void end(void)
{
    size_t i;

    daemon_close(&world.daemon);
    virtual_time_end();
    let_clients_go_on();
    while (move())
        continue;
    check_clients();
    server_end_all(&world.server);
    for (i = 0; i < CLIENTS; i++)
        client_free(&world.clients[i]);
}

/* The input: a byte for the configuration, one for the server, then actions: each a byte and what it needs.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned descriptors = count_descriptors();

    world.at = data;
    world.end = data + size;
    begin(take(), (uint32_t)hash_bytes((const char *)data, size));
    must(daemon_run(&world.daemon) == 0);
    end();
    must(count_descriptors() == descriptors);
    return 0;
}
