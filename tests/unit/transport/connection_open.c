/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "transport/connection_private.h"
#include "wire.h"

static const enum wire_kind kinds[] = {WIRE_PLAIN, WIRE_TLS};

static void assert_fails(int status, const char *token, const char *detail)
{
    WIRE_UNTIL(wire.failed > 0);
    ck_assert_uint_eq(wire.opened, 0);
    ck_assert_int_eq(wire.connection->error.status, status);
    ck_assert_str_eq(wire.connection->error.token, token);
    ck_assert_msg(strstr(wire.connection->detail, detail), "%s", wire.connection->detail);
}

START_TEST(nobody_listens)
{
    wire_begin(kinds[_i], (struct transport_options){0});
    wire_stop_listening();
    wire_open(true);
    assert_fails(502, "connection_refused", "Failed to connect to 127.0.0.1 port");
    wire_end();
}
END_TEST

START_TEST(no_descriptor_is_left)
{
    struct rlimit usual, none;

    wire_begin(kinds[_i], (struct transport_options){0});
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = (struct rlimit){3, usual.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    wire_open(false);
    assert_fails(502, "proxy_internal_error", "Too many open files");
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
    wire_end();
}
END_TEST

/* The backlog of the listener is full, so the handshake of TCP does not end. */
START_TEST(connecting_takes_too_long)
{
    wire_begin(kinds[_i], (struct transport_options){.connect_timeout_ms = 50});
    wire_fill_backlog();
    wire_open(false);
    assert_fails(504, "connection_timeout", "ime");
    wire_end();
}
END_TEST

START_TEST(the_handshake_takes_too_long)
{
    wire_begin(WIRE_TLS, (struct transport_options){.connect_timeout_ms = 50});
    wire.is_mute = true;
    wire_open(false);
    assert_fails(504, "connection_timeout", "ime");
    wire_end();
}
END_TEST

START_TEST(the_server_hangs_up_in_the_handshake)
{
    wire_begin(WIRE_TLS, (struct transport_options){0});
    wire.is_mute = true;
    wire_open(false);
    WIRE_UNTIL(wire.peer >= 0);
    peer_close();
    wire.peer = -2; /* accept no other */
    assert_fails(502, "tls_protocol_error", "");
    wire.peer = -1;
    wire_end();
}
END_TEST

/* localhost is ::1, too, where nobody listens. */
START_TEST(the_second_address_is_tried)
{
    wire_begin(kinds[_i], (struct transport_options){.url = "localhost"});
    wire_connect(false);
    ck_assert_str_eq(wire.connection->detail, "");
    wire_end();
}
END_TEST

START_TEST(a_socket_path_instead_of_a_host)
{
    char path[256];
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(path, sizeof(path), "%s/wire.sock", unit_directory());
    wire_begin(kinds[_i], (struct transport_options){.url = "localhost", .unix_socket = path});
    close(wire.listener);
    wire.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    unlink(path);
    ck_assert_int_eq(bind(wire.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(wire.listener, 8), 0);
    wire_connect(false);
    wire_send("a question");
    peer_expect("a question");
    peer_send("an answer");
    wire_expect("an answer");
    wire_end();
    unlink(path);
}
END_TEST

static int option(int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);

    ck_assert_int_eq(getsockopt(wire.connection->own->watch.fd, level, name, &value, &size), 0);
    return value;
}

START_TEST(a_vanished_server_is_noticed_soon)
{
    wire_begin(kinds[_i], (struct transport_options){0});
    wire_connect(false);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_NODELAY), 1);
    ck_assert_int_eq(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPIDLE), 10);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPINTVL), 5);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
    ck_assert_int_eq(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 20000);
    ck_assert_int_eq(fcntl(wire.connection->own->watch.fd, F_GETFD), FD_CLOEXEC);
    wire_end();
}
END_TEST

/* The first bytes of the server follow the proxy's answer at once. */
static const struct {
    enum wire_kind kind;
    const char *proxy;
} proxies[] = {
    {WIRE_PLAIN, "http"},
    {WIRE_PLAIN, "https"},
    {WIRE_TLS, "http"},
    {WIRE_TLS, "https"},
};

START_TEST(through_a_proxy)
{
    size_t length = 1;
    int i;

    wire_begin(proxies[_i].kind,
               (struct transport_options){.proxy = proxies[_i].proxy, .proxy_password = "secret"});
    if (proxies[_i].kind == WIRE_PLAIN)
        wire.proxy_answers = "HTTP/1.1 200 \r\nX-Proxy: yes\r\n\r\nfirst bytes";
    wire.alpn = "h2";
    wire_begin_to_use(true);
    ck_assert_int_eq(wire.connection->is_http2, proxies[_i].kind == WIRE_TLS);
    ck_assert_str_eq(wire.offered, proxies[_i].kind == WIRE_TLS ? "\x02h2\x08http/1.1" : "");
    ck_assert_ptr_nonnull(strstr(wire.connect, "CONNECT 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(wire.connect, "Proxy-Authorization: Basic am9lOnNlY3JldA==\r\n"));
    if (proxies[_i].kind == WIRE_PLAIN)
        wire_expect("first bytes");
    for (i = 0; i < 3; i++) {
        wire_send("a question");
        peer_expect("a question");
        peer_send("an answer");
        wire_expect("an answer");
    }
    if (wire.ssl || wire.proxy_ssl)
        peer_send_close_notify();
    peer_close();
    WIRE_UNTIL(wire_recv(&length) == 0);
    ck_assert_uint_eq(length, 0);
    wire_end();
}
END_TEST

START_TEST(certificates_of_a_proxy_are_not_those_of_the_server)
{
    wire_begin(WIRE_TLS, (struct transport_options){.proxy = "https", .ca_file = WIRE_OTHER_CA});
    wire_open(false);
    assert_fails(502, "tls_protocol_error", "SSL"); /* libcurl loses the reason in the proxy's TLS */
    ck_assert_str_ne(wire.connect, "");             /* the proxy is trusted */
    wire_end();
}
END_TEST

START_TEST(a_proxy_that_refuses)
{
    wire_begin(kinds[_i], (struct transport_options){.proxy = "http", .proxy_password = "secret"});
    wire.proxy_answers = "HTTP/1.1 407 \r\nContent-Length: 0\r\n\r\n";
    wire.kind = WIRE_PLAIN; /* it does not go on */
    wire_open(true);
    assert_fails(502, "connection_terminated", "407");
    ck_assert_ptr_null(strstr(wire.connection->detail, "secret"));
    wire_end();
}
END_TEST

START_TEST(a_name_is_resolved_once_as_long_as_connections_succeed)
{
    wire_begin(WIRE_PLAIN, (struct transport_options){.url = "quick.test"});
    wire_connect(false);
    wire_close();
    peer_close();
    wire_connect(false);
    wire_close();
    peer_close();
    ck_assert_uint_eq(wire_lookups, 1);
    wire_stop_listening();
    wire.opened = 0;
    wire_open(false);
    assert_fails(502, "connection_refused", "quick.test");
    wire_close();
    ck_assert_uint_eq(wire_lookups, 1);
    wire.failed = 0;
    wire_open(false);
    assert_fails(502, "connection_refused", "quick.test");
    ck_assert_uint_eq(wire_lookups, 2);
    wire_end();
}
END_TEST

/* The resolver's thread ends by itself, whenever that is. */
START_TEST(closing_does_not_wait_for_the_resolver)
{
    wire_begin(WIRE_PLAIN, (struct transport_options){.url = "slow.test"});
    wire_open(false);
    WIRE_UNTIL(wire_lookups > 0);
    wire_turn();
    wire_close();
    ck_assert_uint_eq(wire_descriptors(), wire.descriptors + 1); /* the thread's */
    wire_let_resolve();
    WIRE_UNTIL(wire_descriptors() == wire.descriptors);
    wire_end();
}
END_TEST

START_TEST(resolving_takes_too_long)
{
    wire_begin(WIRE_PLAIN, (struct transport_options){.url = "slow.test", .connect_timeout_ms = 50});
    wire_open(false);
    assert_fails(504, "connection_timeout", "ime");
    wire_let_resolve();
    wire_close();
    WIRE_UNTIL(wire_descriptors() == wire.descriptors);
    wire_end();
}
END_TEST

START_TEST(a_name_that_takes_its_time)
{
    wire_begin(WIRE_PLAIN, (struct transport_options){.url = "slow.test"});
    wire_open(false);
    WIRE_UNTIL(wire_lookups > 0);
    wire_let_resolve();
    WIRE_UNTIL(wire.opened > 0);
    wire_end();
}
END_TEST

START_TEST(closing_at_once)
{
    wire_begin(kinds[_i], (struct transport_options){0});
    wire_open(true);
    wire_end();
}
END_TEST

#define TURNS 8 /* more than a connection takes to open */

START_TEST(closing_after_some_turns)
{
    int turns;

    wire_begin(kinds[_i % 2], (struct transport_options){0});
    wire_open(true);
    for (turns = _i / 2; turns > 0; turns--)
        wire_turn();
    ck_assert(_i / 2 < TURNS || wire.opened == 1);
    wire_end();
}
END_TEST

START_TEST(closing_while_connecting)
{
    wire_begin(kinds[_i], (struct transport_options){0});
    wire_fill_backlog();
    wire_open(true);
    wire_turn();
    wire_turn();
    wire_end();
}
END_TEST

START_TEST(closing_in_a_callback)
{
    wire_begin(kinds[_i], (struct transport_options){0});
    wire.closes_in = &wire.opened;
    wire_open(true);
    WIRE_UNTIL(!wire.connection);
    ck_assert_uint_eq(wire.opened, 1);
    WIRE_UNTIL(wire.peer >= 0);
    peer_close();
    wire.closes_in = &wire.ready;
    wire_open(true);
    WIRE_UNTIL(!wire.connection);
    ck_assert_uint_eq(wire.opened, 2);
    peer_close();
    wire_stop_listening();
    wire.closes_in = &wire.failed;
    wire_open(true);
    WIRE_UNTIL(!wire.connection);
    ck_assert_uint_eq(wire.failed, 1);
    wire_end();
}
END_TEST

UNIT_SUITE(connection_open)
{
    TCase *tests;
    Suite *suite = unit_suite_create("connection_open", &tests);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, nobody_listens, 0, 2);
    tcase_add_loop_test(tests, no_descriptor_is_left, 0, 2);
    tcase_add_loop_test(tests, connecting_takes_too_long, 0, 2);
    tcase_add_test(tests, the_handshake_takes_too_long);
    tcase_add_test(tests, the_server_hangs_up_in_the_handshake);
    tcase_add_loop_test(tests, the_second_address_is_tried, 0, 2);
    tcase_add_loop_test(tests, a_socket_path_instead_of_a_host, 0, 2);
    tcase_add_loop_test(tests, a_vanished_server_is_noticed_soon, 0, 2);
    tcase_add_loop_test(tests, through_a_proxy, 0, (int)ARRAY_SIZE(proxies));
    tcase_add_test(tests, certificates_of_a_proxy_are_not_those_of_the_server);
    tcase_add_loop_test(tests, a_proxy_that_refuses, 0, 2);
    tcase_add_test(tests, a_name_is_resolved_once_as_long_as_connections_succeed);
    tcase_add_test(tests, closing_does_not_wait_for_the_resolver);
    tcase_add_test(tests, resolving_takes_too_long);
    tcase_add_test(tests, a_name_that_takes_its_time);
    tcase_add_loop_test(tests, closing_at_once, 0, 2);
    tcase_add_loop_test(tests, closing_after_some_turns, 0, 2 * TURNS + 2);
    tcase_add_loop_test(tests, closing_while_connecting, 0, 2);
    tcase_add_loop_test(tests, closing_in_a_callback, 0, 2);
    return suite;
}
