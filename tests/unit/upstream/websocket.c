/* SPDX-License-Identifier: Apache-2.0 */
/* One WebSocket connection against a server in a thread that answers what a row says. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#include "unit.h"
#include "upstream/websocket.h"

#define WAIT_MS 60000

struct world {
    int listener;
    pthread_t thread;
    const char *answer; /* "%s" in it: the right Sec-WebSocket-Accept */
    size_t step;        /* it is sent in pieces of so many bytes */
    char request[65536];

    struct loop loop;
    struct transport *transport;
    struct websocket websocket;
    bool opened, refused;
    unsigned ready;
};

static struct world world;

/* Up to what the client wants. */
static void send_pieces(int fd, const char *text)
{
    size_t length = strlen(text), at;

    for (at = 0; at < length; at += world.step)
        if (send(fd, text + at, length - at < world.step ? length - at : world.step, MSG_NOSIGNAL) < 0)
            return;
}

/* With ACCEPT in place of "%s". */
static void fill_in(const char *text, const char *accept, char *ret, size_t size)
{
    const char *place = strstr(text, "%s");

    snprintf(ret, size, "%.*s%s%s", (int)(place ? (size_t)(place - text) : strlen(text)), text,
             place ? accept : "", place ? place + 2 : "");
}

/* Answers, then sends back every byte. */
static void *serve(void *arg)
{
    int fd = accept(world.listener, NULL, NULL), on = 1;
    char answer[200000], accept[HANDSHAKE_ACCEPT_CHARS + 1], key[HANDSHAKE_KEY_CHARS + 1];
    size_t length = 0;
    ssize_t n;

    (void)arg;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    while (!strstr(world.request, "\r\n\r\n")) {
        n = recv(fd, world.request + length, sizeof(world.request) - 1 - length, 0);
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    if (sscanf(strstr(world.request, "Sec-WebSocket-Key: "), "%*s %24s", key) == 1)
        handshake_accept(key, accept);
    fill_in(world.answer, accept, answer, sizeof(answer));
    send_pieces(fd, answer);
    if (!strstr(answer, "\r\nSec-WebSocket-Accept:"))
        shutdown(fd, SHUT_WR);
    while ((n = recv(fd, answer, sizeof(answer), 0)) > 0)
        if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) < 0)
            break;
    close(fd);
    return NULL;
}

static void opened(struct websocket *websocket)
{
    ck_assert_ptr_eq(websocket, &world.websocket);
    world.opened = true;
}

static void refused(struct websocket *websocket)
{
    ck_assert_ptr_eq(websocket, &world.websocket);
    world.refused = true;
}

static void ready(struct websocket *websocket)
{
    (void)websocket;
    world.ready++;
}

static void turn(void)
{
    transport_run(world.transport);
    ck_assert_int_eq(loop_turn(&world.loop, transport_is_pending(world.transport) ? 0 : WAIT_MS), 0);
    transport_run(world.transport);
}

static void begin(const char *answer, size_t step, const char *const *headers)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    char url[64];
    struct transport_options options = {.url = url, .connect_timeout_ms = WAIT_MS, .max_connections = 4};
    struct tb_error err = TB_ERROR_INIT;

    memset(&world, 0, sizeof(world));
    world.answer = answer;
    world.step = step;
    world.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(world.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(world.listener, 4), 0);
    getsockname(world.listener, (struct sockaddr *)&address, &length);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/tb", ntohs(address.sin_port));
    ck_assert_int_eq(pthread_create(&world.thread, NULL, serve, NULL), 0);
    ck_assert_int_eq(loop_init(&world.loop), 0);
    ck_assert_msg(transport_new(&world.loop, &options, &world.transport, &err) == 0, "%s", err.message);
    world.websocket = (struct websocket){.target = "/api/ws?a=b",
                                         .headers = headers,
                                         .timeout_ms = WAIT_MS,
                                         .opened = opened,
                                         .refused = refused,
                                         .ready = ready};
    ck_assert_int_eq(websocket_open(&world.websocket, world.transport), 0);
    while (!world.opened && !world.refused)
        turn();
}

static void end(void)
{
    websocket_close(&world.websocket);
    websocket_close(&world.websocket);
    pthread_join(world.thread, NULL);
    transport_free(world.transport);
    loop_close(&world.loop);
    close(world.listener);
}

#define GOOD                                                                                                 \
    "HTTP/1.1 101 \r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: "       \
    "%s\r\n"

static void receive_exactly(const char *wanted)
{
    char data[100] = "";
    size_t length = 0, more;

    while (length < strlen(wanted)) {
        int r = websocket_recv(&world.websocket, data + length, 3, &more);

        if (r == -EAGAIN) {
            turn();
            continue;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_uint_gt(more, 0);
        length += more;
    }
    ck_assert_str_eq(data, wanted);
}

START_TEST(the_accept_is_that_of_the_standards_example)
{
    char accept[HANDSHAKE_ACCEPT_CHARS + 1];

    handshake_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
    ck_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
END_TEST

START_TEST(bytes_pass_after_a_verified_101)
{
    static const size_t steps[] = {1, 7, 100000};
    static const char *const lines[] = {"X-Authorization: Bearer x", NULL};
    size_t sent;

    begin(GOOD "\r\nfirst", steps[_i], lines);
    ck_assert(world.opened);
    ck_assert_int_eq(world.websocket.state, WEBSOCKET_OPEN);
    ck_assert_ptr_nonnull(strstr(world.request, "GET /tb/api/ws?a=b HTTP/1.1\r\nHost: 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(world.request, "\r\nX-Authorization: Bearer x\r\n"));
    ck_assert_ptr_nonnull(strstr(world.request, "\r\nSec-WebSocket-Version: 13\r\n"));
    receive_exactly("first");
    ck_assert_int_eq(websocket_send(&world.websocket, "there and back", 14, &sent), 0);
    ck_assert_uint_eq(sent, 14);
    receive_exactly("there and back");
    end();
}
END_TEST

START_TEST(a_101_that_is_not_verified_is_refused)
{
    static const struct {
        const char *answer;
        const char *word;
    } rows[] = {
        {"HTTP/1.1 101 \r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", "Upgrade"},
        {"HTTP/1.1 101 \r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
         "Upgrade"},
        {"HTTP/1.1 101 \r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", "Connection"},
        {"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "Accept"},
        {"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x%s\r\n\r\n",
         "Accept"},
        {GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "extension"},
        {GOOD "Sec-WebSocket-Protocol: chat\r\n\r\n", "protocol"},
    };

    begin(rows[_i].answer, 1000, NULL);
    ck_assert(world.refused);
    ck_assert_int_eq(world.websocket.transfer.status, 0);
    ck_assert_int_eq(world.websocket.transfer.error.status, 502);
    ck_assert_str_eq(world.websocket.transfer.error.token, "http_upgrade_failed");
    ck_assert_msg(strstr(transfer_detail(&world.websocket.transfer), rows[_i].word) != NULL, "%s",
                  transfer_detail(&world.websocket.transfer));
    end();
}
END_TEST

START_TEST(another_answer_is_given_to_the_owner)
{
    static const struct {
        const char *answer;
        int status;
        const char *body;
    } rows[] = {
        {"HTTP/1.1 401 \r\nContent-Length: 5\r\n\r\nwrong and more", 401, "wrong"},
        {"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n",
         404, "abcdefg"},
        {"HTTP/1.1 200 \r\n\r\nuntil the end", 200, "until the end"},
        {"HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\nHTTP/1.1 429 \r\nContent-Length: 0\r\n\r\n",
         429, ""},
        {"HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\n", 302, ""},
        {"HTTP/1.1 204 \r\nX: y\r\n\r\n", 204, ""},
    };
    static const size_t steps[] = {1, 100000};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(steps); i++) {
        const struct buf *body = &world.websocket.transfer.response_body;

        begin(rows[_i].answer, steps[i], NULL);
        ck_assert(world.refused);
        ck_assert_int_eq(world.websocket.transfer.status, rows[_i].status);
        ck_assert_str_eq(body->data ? body->data : "", rows[_i].body);
        end();
    }
}
END_TEST

START_TEST(an_invalid_answer_is_an_error)
{
    static const struct {
        const char *answer;
        const char *token;
    } rows[] = {
        {"", "connection_terminated"},
        {"HTTP/1.1 101 \r\nUpgr", "http_response_incomplete"},
        {"HTTP/2 200\r\n\r\n", "http_protocol_error"},
        {"HTTP/1.1 20\r\n\r\n", "http_protocol_error"},
        {"SSH-2.0-x\r\n\r\n", "http_protocol_error"},
        {"HTTP/1.1 200 \r\nno colon\r\n\r\n", "http_protocol_error"},
        {"HTTP/1.1 200 \r\nA: b\r\n folded: x\r\n\r\n", "http_protocol_error"},
        {"HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\nshort", "http_response_incomplete"},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "http_response_incomplete"},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nab", "http_protocol_error"},
        {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nab",
         "http_protocol_error"},
        {"HTTP/1.1 200 \r\nContent-Length: 65537\r\n\r\n", "http_response_incomplete"},
    };

    begin(rows[_i].answer, 1000, NULL);
    ck_assert(world.refused);
    ck_assert_int_eq(world.websocket.transfer.status, 0);
    ck_assert_str_eq(world.websocket.transfer.error.token, rows[_i].token);
    end();
}
END_TEST

/* An answer with so many bytes in its header, and in its body. */
static char *large_answer(size_t header, size_t body)
{
    static const char start[] = "HTTP/1.1 200 \r\nX: ";
    char *text = malloc(header + body + 1);
    size_t length = strlen(start);

    memcpy(text, start, length);
    memset(text + length, 'x', header - length - 4);
    memcpy(text + header - 4, "\r\n\r\n", 4);
    memset(text + header, 'y', body);
    text[header + body] = '\0';
    return text;
}

START_TEST(an_answer_is_bounded)
{
    static const struct {
        size_t header, body;
        const char *token; /* NULL: taken */
    } rows[] = {
        {HEADERS_MAX_BYTES, WEBSOCKET_REFUSAL_BYTES, NULL},
        {HEADERS_MAX_BYTES + 4096, 0, "http_response_header_section_size"},
        {100, WEBSOCKET_REFUSAL_BYTES + 1, "http_response_body_size"},
    };
    char *answer = large_answer(rows[_i].header, rows[_i].body);

    begin(answer, 5000, NULL);
    ck_assert(world.refused);
    ck_assert_int_eq(world.websocket.transfer.status, rows[_i].token ? 0 : 200);
    if (rows[_i].token)
        ck_assert_str_eq(world.websocket.transfer.error.token, rows[_i].token);
    else
        ck_assert_uint_eq(world.websocket.transfer.response_body.len, WEBSOCKET_REFUSAL_BYTES);
    end();
    free(answer);
}
END_TEST

START_TEST(a_line_with_a_line_end_is_not_sent)
{
    static char large_line[HANDSHAKE_REQUEST_BYTES] = "X: ";
    const char *const line[] = {"A: b\r\nX-Authorization: c", NULL}, *const large[] = {large_line, NULL};
    struct transport_options options = {.url = "http://127.0.0.1:1", .connect_timeout_ms = WAIT_MS};
    struct websocket websocket = {.target = "/", .headers = line, .timeout_ms = WAIT_MS};
    struct tb_error err = TB_ERROR_INIT;

    memset(large_line + 3, 'x', sizeof(large_line) - 4);
    ck_assert_int_eq(loop_init(&world.loop), 0);
    ck_assert_int_eq(transport_new(&world.loop, &options, &world.transport, &err), 0);
    ck_assert_int_eq(websocket_open(&websocket, world.transport), -EINVAL);
    websocket = (struct websocket){.target = "/ HTTP/1.1\r\n", .timeout_ms = WAIT_MS};
    ck_assert_int_eq(websocket_open(&websocket, world.transport), -EINVAL);
    websocket = (struct websocket){.target = "/", .headers = large, .timeout_ms = WAIT_MS};
    ck_assert_int_eq(websocket_open(&websocket, world.transport), -EMSGSIZE);
    transport_free(world.transport);
    loop_close(&world.loop);
}
END_TEST

/* The server does not read while it cannot write, so the sender is stopped in the end, and goes on when the
 * answers are taken. */
START_TEST(a_sender_is_stopped_and_goes_on)
{
    static char data[10000];
    size_t sent, total = 0, back = 0, before = SIZE_MAX;
    int r = 0;

    begin(GOOD "\r\n", 1000, NULL);
    ck_assert(world.opened);
    while (websocket_unsent(&world.websocket) != before) {
        before = websocket_unsent(&world.websocket);
        while ((r = websocket_send(&world.websocket, data, sizeof(data), &sent)) == 0)
            total += sent;
        loop_turn(&world.loop, 100);
    }
    ck_assert_int_eq(r, -EAGAIN);
    ck_assert_uint_le(websocket_unsent(&world.websocket), WEBSOCKET_SEND_BYTES);
    while (back < total) {
        r = websocket_recv(&world.websocket, data, sizeof(data), &sent);
        back += r == 0 ? sent : 0;
        if (r == -EAGAIN)
            turn();
    }
    ck_assert_uint_eq(websocket_unsent(&world.websocket), 0);
    end();
}
END_TEST

UNIT_SUITE(websocket)
{
    TCase *tests;
    Suite *suite = unit_suite_create("websocket", &tests);

    tcase_add_test(tests, the_accept_is_that_of_the_standards_example);
    tcase_add_loop_test(tests, bytes_pass_after_a_verified_101, 0, 3);
    tcase_add_loop_test(tests, a_101_that_is_not_verified_is_refused, 0, 7);
    tcase_add_loop_test(tests, another_answer_is_given_to_the_owner, 0, 6);
    tcase_add_loop_test(tests, an_invalid_answer_is_an_error, 0, 12);
    tcase_add_loop_test(tests, an_answer_is_bounded, 0, 3);
    tcase_add_test(tests, a_line_with_a_line_end_is_not_sent);
    tcase_add_test(tests, a_sender_is_stopped_and_goes_on);
    return suite;
}
