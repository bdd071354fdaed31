/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>

#include "wire.h"

static const enum wire_kind kinds[] = {WIRE_PLAIN, WIRE_TLS};

static void begin(int index)
{
    wire_begin(kinds[index], (struct transport_options){0});
}

static struct iovec part_of(const void *data, size_t length)
{
    return (struct iovec){(void *)(uintptr_t)data, length};
}

START_TEST(bytes_go_both_ways)
{
    begin(_i);
    wire_connect(true);
    ck_assert_uint_eq(wire.opened, 1);
    ck_assert_str_eq(wire.connection->detail, "");
    wire_send("a question");
    peer_expect("a question");
    peer_send("an answer");
    wire_expect("an answer");
    wire_end();
}
END_TEST

/* The two more with TLS are the pair that each multi handle of libcurl has to wake it up. */
START_TEST(a_connection_costs_few_descriptors)
{
    static const unsigned costs[] = {1, 3};

    begin(_i);
    wire_connect(false);
    ck_assert_uint_eq(wire_descriptors(), wire.descriptors + costs[_i] + 1); /* and the server's */
    wire_end();
}
END_TEST

START_TEST(the_end_comes_after_the_bytes)
{
    size_t length = 1;

    begin(_i);
    wire_connect(false);
    peer_send("last words");
    if (wire.ssl)
        peer_send_close_notify();
    peer_close();
    wire_expect("last words");
    WIRE_UNTIL(wire_recv(&length) == 0);
    ck_assert_uint_eq(length, 0);
    length = 1;
    ck_assert_int_eq(wire_recv(&length), 0); /* and again */
    ck_assert_uint_eq(length, 0);
    wire_end();
}
END_TEST

START_TEST(an_end_without_close_notify_is_a_loss)
{
    size_t length = 1;
    int r;

    begin(1);
    wire_connect(false);
    peer_send("last words");
    peer_close();
    wire_expect("last words");
    WIRE_UNTIL((r = wire_recv(&length)) != -EAGAIN);
    ck_assert_int_eq(r, -ECONNRESET);
    ck_assert_str_ne(wire.connection->detail, "");
    wire_end();
}
END_TEST

START_TEST(a_reset_is_a_loss)
{
    size_t length = 1;
    int r;

    begin(_i);
    wire_connect(false);
    peer_reset();
    WIRE_UNTIL((r = wire_recv(&length)) != -EAGAIN);
    ck_assert_int_eq(r, -ECONNRESET);
    ck_assert_str_ne(wire.connection->detail, "");
    wire_end();
}
END_TEST

START_TEST(an_answer_is_received_after_sending_has_failed)
{
    struct iovec part = part_of("x", 1);
    size_t length = 0;

    begin(_i);
    wire_connect(false);
    peer_send("an answer");
    if (wire.ssl)
        peer_send_close_notify();
    peer_close();
    wire_send("x"); /* answered with RST */
    wire_wait_kernel(POLLERR);
    ck_assert_int_eq(connection_send(wire.connection, &part, 1, &length), -EPIPE);
    ck_assert_str_ne(wire.connection->detail, "");
    wire_expect("an answer");
    wire_end();
}
END_TEST

START_TEST(an_idle_connection_is_asked_for_input)
{
    begin(_i);
    wire_connect(false);
    ck_assert(!connection_has_input(wire.connection));
    peer_send("unasked");
    wire_wait_kernel(POLLIN);
    ck_assert(connection_has_input(wire.connection)); /* before the loop knows */
    wire_expect("unasked");
    WIRE_UNTIL(wire_recv(&(size_t){0}) == -EAGAIN);
    ck_assert(!connection_has_input(wire.connection));
    peer_close();
    wire_wait_kernel(POLLRDHUP);
    ck_assert(connection_has_input(wire.connection));
    wire_end();
}
END_TEST

START_TEST(what_is_unread_comes_first)
{
    begin(_i);
    wire_connect(false);
    peer_send("three");
    wire_wait_kernel(POLLIN);
    ck_assert_int_eq(connection_unread(wire.connection, "two", 3), 0);
    ck_assert_int_eq(connection_unread(wire.connection, "one", 3), 0);
    ck_assert(connection_has_input(wire.connection));
    wire_expect("onetwothree");
    wire_end();
}
END_TEST

START_TEST(no_more_is_unread_than_the_bound)
{
    static const char zeros[CONNECTION_UNREAD_BYTES];
    size_t length = 0;

    begin(0);
    wire_connect(false);
    ck_assert_int_eq(connection_unread(wire.connection, zeros, sizeof(zeros)), 0);
    ck_assert_int_eq(connection_unread(wire.connection, zeros, 1), -EMSGSIZE);
    ck_assert_int_eq(wire_recv(&length), 0);
    ck_assert_uint_eq(length, sizeof(zeros));
    ck_assert_int_eq(wire_recv(&length), -EAGAIN);
    wire_end();
}
END_TEST

#define MUCH 6000000

static unsigned char byte_at(size_t offset)
{
    return (unsigned char)(offset * 31 + offset / 4096);
}

static void check_bytes(const void *data, size_t length, size_t offset)
{
    size_t i = 0;

    while (i < length && ((const unsigned char *)data)[i] == byte_at(offset + i))
        i++;
    ck_assert_uint_eq(i, length);
}

/* Offers a piece that begins at SENT, at a place where it never was before, and in parts of other lengths. */
static int send_piece(size_t sent, size_t length, size_t *ret)
{
    unsigned char *data = malloc(length);
    size_t cut = unit_random() % length, i;
    struct iovec parts[2] = {part_of(data, cut), part_of(data + cut, length - cut)};
    int r;

    for (i = 0; i < length; i++)
        data[i] = byte_at(sent + i);
    r = connection_send(wire.connection, parts, 2, ret);
    free(data);
    return r;
}

static size_t check_received(size_t received)
{
    static unsigned char data[50000];
    size_t length = peer_recv(data, sizeof(data));

    check_bytes(data, length, received);
    return length;
}

START_TEST(much_is_sent_while_the_server_reads)
{
    size_t sent = 0, received = 0, wanted = 1, length;
    unsigned blocked = 0;
    int r;

    begin(_i);
    wire_connect(false);
    wire_limit_buffer(32768);
    while (sent < MUCH) {
        if (wanted == 0)
            wanted = 1 + unit_random() % 70000;
        if (wanted > MUCH - sent)
            wanted = MUCH - sent;
        r = send_piece(sent, wanted, &length);
        ck_assert(r == 0 || r == -EAGAIN);
        if (r == 0) {
            ck_assert_uint_gt(length, 0);
            sent += length;
            wanted = 0;
        } else { /* nothing until ready() */
            unsigned ready = wire.ready, sends = wire_sends;

            blocked++;
            ck_assert_int_eq(send_piece(sent, wanted, &length), -EAGAIN);
            ck_assert_uint_eq(wire_sends, sends);
            WIRE_UNTIL((received += check_received(received), wire.ready > ready));
        }
    }
    WIRE_UNTIL((received += check_received(received)) == MUCH);
    ck_assert_uint_gt(blocked, 3);
    wire_end();
}
END_TEST

START_TEST(much_is_received)
{
    static char data[16384];
    size_t sent = 0, received = 0, length, i;
    int written;

    begin(_i);
    wire_connect(false);
    while (received < MUCH) {
        for (i = 0; i < sizeof(data); i++)
            data[i] = (char)byte_at(sent + i);
        if (sent < MUCH) {
            written = wire.ssl ? SSL_write(wire.ssl, data, sizeof(data))
                               : (int)send(wire.peer, data, sizeof(data), MSG_NOSIGNAL);
            sent += written > 0 ? (size_t)written : 0;
        }
        wire_turn();
        while (connection_recv(wire.connection, data, 1 + unit_random() % sizeof(data), &length) == 0) {
            check_bytes(data, length, received);
            received += length;
        }
    }
    wire_end();
}
END_TEST

/* One receives and one sends for each answer, none in vain. */
START_TEST(no_call_is_made_in_vain)
{
    size_t length;
    int i;

    begin(_i);
    wire_connect(false);
    peer_send("tickets have arrived");
    wire_expect("tickets have arrived");
    for (i = 0; i < 3; i++) {
        unsigned recvs = wire_recvs, sends = wire_sends, ready = wire.ready;

        wire_send("a question");
        peer_expect("a question");
        ck_assert_int_eq(wire_recv(&length), -EAGAIN);
        ck_assert_uint_eq(wire_recvs, recvs);
        peer_send("an answer");
        WIRE_UNTIL(wire.ready > ready);
        ck_assert_int_eq(wire_recv(&length), 0);
        ck_assert_uint_eq(length, 9);
        ck_assert_int_eq(wire_recv(&length), -EAGAIN);
        ck_assert_uint_eq(wire_recvs, recvs + 1);
        ck_assert_uint_eq(wire_sends, sends + 1);
    }
    wire_end();
}
END_TEST

UNIT_SUITE(connection)
{
    TCase *tests;
    Suite *suite = unit_suite_create("connection", &tests);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, bytes_go_both_ways, 0, 2);
    tcase_add_loop_test(tests, a_connection_costs_few_descriptors, 0, 2);
    tcase_add_loop_test(tests, the_end_comes_after_the_bytes, 0, 2);
    tcase_add_test(tests, an_end_without_close_notify_is_a_loss);
    tcase_add_loop_test(tests, a_reset_is_a_loss, 0, 2);
    tcase_add_loop_test(tests, an_answer_is_received_after_sending_has_failed, 0, 2);
    tcase_add_loop_test(tests, an_idle_connection_is_asked_for_input, 0, 2);
    tcase_add_loop_test(tests, what_is_unread_comes_first, 0, 2);
    tcase_add_test(tests, no_more_is_unread_than_the_bound);
    tcase_add_loop_test(tests, much_is_sent_while_the_server_reads, 0, 2);
    tcase_add_loop_test(tests, much_is_received, 0, 2);
    tcase_add_loop_test(tests, no_call_is_made_in_vain, 0, 2);
    return suite;
}
