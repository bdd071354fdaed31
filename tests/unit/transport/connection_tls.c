/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "transport/connector_private.h"
#include "wire.h"

#define OFFER_BOTH "\x02h2\x08http/1.1"
#define OFFER_ONE  "\x08http/1.1"

static void begin(void)
{
    wire_begin(WIRE_TLS, (struct transport_options){0});
}

static const struct {
    bool offers_http2;
    const char *alpn, *offered;
    bool is_http2;
} choices[] = {
    {true, "h2", OFFER_BOTH, true},  {true, "http/1.1", OFFER_BOTH, false},
    {true, NULL, OFFER_BOTH, false}, {false, "http/1.1", OFFER_ONE, false},
    {false, NULL, OFFER_ONE, false},
};

START_TEST(alpn_chooses_the_version)
{
    begin();
    wire.alpn = choices[_i].alpn;
    wire_connect(choices[_i].offers_http2);
    ck_assert_str_eq(wire.offered, choices[_i].offered);
    ck_assert_int_eq(wire.connection->is_http2, choices[_i].is_http2);
    wire_end();
}
END_TEST

static void send_ticket(void)
{
    ck_assert_int_eq(SSL_new_session_ticket(wire.ssl), 1);
    ck_assert_int_eq(SSL_do_handshake(wire.ssl), 1);
}

static void send_key_update(void)
{
    ck_assert_int_eq(SSL_key_update(wire.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    ck_assert_int_eq(SSL_do_handshake(wire.ssl), 1);
}

static void (*const not_answers[])(void) = {send_ticket, send_key_update};

/* What TLS sends for itself looks like input to the kernel. */
START_TEST(a_message_of_tls_is_not_an_answer)
{
    size_t length;

    begin();
    wire_connect(false);
    while (wire.ready < 2 && connection_has_input(wire.connection)) /* the first tickets */
        ck_assert_int_eq(wire_recv(&length), -EAGAIN);
    not_answers[_i]();
    wire_wait_kernel(POLLIN);
    ck_assert(connection_has_input(wire.connection));
    ck_assert_int_eq(wire_recv(&length), -EAGAIN);
    ck_assert(!connection_has_input(wire.connection));
    wire_send("a question");
    peer_expect("a question");
    peer_send("an answer");
    wire_expect("an answer");
    wire_end();
}
END_TEST

static void expect_now(const char *text)
{
    char data[64] = "";
    size_t length;

    ck_assert_int_eq(connection_recv(wire.connection, data, sizeof(data) - 1, &length), 0);
    ck_assert_str_eq(data, text);
}

/* OpenSSL reads more than one record at once, and has the third when the kernel gets the fourth. */
START_TEST(records_that_openssl_has_are_not_overlooked)
{
    unsigned ready;

    begin();
    wire_connect(false);
    peer_send("tickets have arrived");
    wire_expect("tickets have arrived");
    peer_send("one");
    peer_send("two");
    peer_send("three");
    wire_turn();
    expect_now("one");
    expect_now("two");
    ready = wire.ready;
    peer_send("four");
    WIRE_UNTIL(wire.ready > ready);
    expect_now("three");
    expect_now("four");
    ck_assert_int_eq(wire_recv(&(size_t){0}), -EAGAIN);
    wire_end();
}
END_TEST

/* With TLS 1.2, the server sends the last message of the handshake, and OpenSSL reads what follows with it.
 */
START_TEST(bytes_right_after_the_handshake)
{
    begin();
    SSL_CTX_set_max_proto_version(wire.context, TLS1_2_VERSION);
    wire.greeting = "welcome";
    wire_begin_to_use(false);
    expect_now("welcome");
    wire_end();
}
END_TEST

static struct iovec part_of(const void *data, size_t length)
{
    return (struct iovec){(void *)(uintptr_t)data, length};
}

static const struct {
    size_t parts[3], record;
} joins[] = {
    {{1, 2, 3}, 6},         {{0, 0, 5}, 5},         {{100, 16283, 1}, 16384}, {{100, 16284, 1}, 16384},
    {{16383, 1, 1}, 16384}, {{16384, 1, 1}, 16384}, {{16385, 0, 0}, 16384},   {{40000, 1, 1}, 16384},
};

START_TEST(parts_go_in_one_record)
{
    static char data[40000], received[40000];
    struct iovec parts[3];
    size_t sent = 0, length, at = 0;
    int i;

    begin();
    wire_connect(false);
    for (i = 0; i < (int)sizeof(data); i++)
        data[i] = (char)(i * 7 + i / 256);
    for (i = 0; i < 3; at += joins[_i].parts[i++])
        parts[i] = part_of(joins[_i].parts[i] ? data + at % sizeof(data) : NULL, joins[_i].parts[i]);
    ck_assert_int_eq(connection_send(wire.connection, parts, 3, &sent), 0);
    ck_assert_uint_eq(sent, joins[_i].record);
    WIRE_UNTIL((length = peer_recv(received, sizeof(received))) > 0); /* OpenSSL returns a record at a time */
    ck_assert_uint_eq(length, joins[_i].record);
    ck_assert_int_eq(memcmp(received, data, length), 0);
    wire_end();
}
END_TEST

static void assert_fails(const char *token, const char *detail)
{
    unsigned failed = wire.failed;

    wire_open(false);
    WIRE_UNTIL(wire.failed > failed);
    ck_assert_uint_eq(wire.opened, 0);
    ck_assert_int_eq(wire.connection->error.status, 502);
    ck_assert_str_eq(wire.connection->error.token, token);
    ck_assert_msg(strstr(wire.connection->detail, detail), "%s", wire.connection->detail);
}

static const struct {
    const char *host, *ca_file, *token, *detail;
} distrusted[] = {
    {NULL, WIRE_OTHER_CA, "tls_certificate_error", "SSL certificate problem: "},
    {"quick.test", NULL, "tls_certificate_error", "'quick.test'"},
    {NULL, "/no/such/file.pem", "tls_certificate_error",
     "cannot load CA certificates from /no/such/file.pem: No such file or directory"},
    {NULL, "/dev/null", "tls_certificate_error", "cannot load CA certificates from /dev/null: "},
};

START_TEST(a_server_is_verified)
{
    wire_begin(WIRE_TLS,
               (struct transport_options){.url = distrusted[_i].host, .ca_file = distrusted[_i].ca_file});
    assert_fails(distrusted[_i].token, distrusted[_i].detail);
    wire_end();
}
END_TEST

START_TEST(verification_can_be_turned_off)
{
    wire_begin(WIRE_TLS, (struct transport_options){.url = distrusted[_i].host,
                                                    .ca_file = distrusted[_i].ca_file,
                                                    .no_verify = true});
    wire_connect(false);
    wire_end();
}
END_TEST

static void write_file(const char *from)
{
    char text[8192];
    FILE *file = fopen(from, "r");
    size_t length = fread(text, 1, sizeof(text), file);

    fclose(file);
    unit_file(2, "ca.pem", 0600, text, length);
}

static void begin_with_file(void)
{
    const char *path = unit_file(2, "ca.pem", 0600, "", 0);

    wire_begin(WIRE_TLS, (struct transport_options){.ca_file = path});
    write_file(wire.ca_file[0]);
}

static void connect_and_close(void)
{
    wire_connect(false);
    wire_close();
    peer_close();
}

START_TEST(replaced_certificates_are_used_after_a_reload)
{
    begin_with_file();
    connect_and_close();
    write_file(wire.ca_file[1]);
    connect_and_close(); /* not yet */
    connector_reload_certificates(wire.connector);
    wire.opened = 0;
    assert_fails("tls_certificate_error", "certificate");
    wire_close();
    peer_close();
    write_file(wire.ca_file[0]);
    connector_reload_certificates(wire.connector);
    connect_and_close();
    wire_end();
}
END_TEST

START_TEST(replaced_certificates_are_used_after_an_hour)
{
    begin_with_file();
    connect_and_close();
    write_file(wire.ca_file[1]);
    wire.connector->certificates.loaded_ms -= 3599000;
    connect_and_close();
    wire.connector->certificates.loaded_ms -= 1000;
    wire.opened = 0;
    assert_fails("tls_certificate_error", "certificate");
    wire_end();
}
END_TEST

START_TEST(certificates_that_cannot_be_loaded_again_stay)
{
    const char *log, *line;

    begin_with_file();
    connect_and_close();
    unit_file(2, "ca.pem", 0600, "nothing", 7);
    unit_capture();
    if (_i == 0)
        connector_reload_certificates(wire.connector);
    else
        wire.connector->certificates.loaded_ms -= 3600000;
    connect_and_close();
    connect_and_close();
    log = unit_captured();
    line = strstr(log, "ca.pem: ");
    ck_assert_msg(line && strstr(line, "; the ones loaded before are still used"), "%s", log);
    ck_assert_ptr_null(strstr(line + 1, "ca.pem: ")); /* once */
    wire_end();
}
END_TEST

/* Connects with a new connection, and says whether it resumes a session of TLS. */
static bool resumes(void)
{
    bool reused;

    wire_connect(false);
    reused = SSL_session_reused(wire.ssl) == 1;
    peer_send("tickets have arrived");
    wire_expect("tickets have arrived");
    peer_send_close_notify(); /* or OpenSSL forgets the session */
    wire_close();
    peer_close();
    return reused;
}

START_TEST(sessions_are_resumed_until_a_reload)
{
    begin();
    SSL_CTX_set_max_proto_version(wire.context, _i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
    ck_assert(!resumes());
    ck_assert(resumes());
    ck_assert(resumes());
    connector_reload_certificates(wire.connector);
    ck_assert(!resumes());
    ck_assert(resumes());
    wire_end();
}
END_TEST

/* Without an alert, OpenSSL would keep the session, and no connection would ever be made again. */
START_TEST(a_session_that_the_server_does_not_like_is_forgotten)
{
    begin();
    ck_assert(!resumes());
    wire.is_mute = true;
    wire_open(false);
    WIRE_UNTIL(wire.peer >= 0);
    peer_close();
    WIRE_UNTIL(wire.failed > 0);
    wire_close();
    wire.is_mute = false;
    ck_assert(!resumes());
    ck_assert(resumes());
    wire_end();
}
END_TEST

/* The old session cache lives as long as a connection uses it. */
START_TEST(a_connection_survives_a_reload)
{
    begin();
    wire_connect(false);
    connector_reload_certificates(wire.connector);
    send_ticket();
    peer_send("an answer");
    wire_expect("an answer");
    wire_end();
}
END_TEST

START_TEST(the_oldest_version)
{
    wire_begin(WIRE_TLS, (struct transport_options){.tls_1_3 = _i == 1});
    SSL_CTX_set_max_proto_version(wire.context, TLS1_2_VERSION);
    if (_i == 0)
        wire_connect(false);
    else
        assert_fails("tls_protocol_error", "");
    wire_end();
}
END_TEST

/* The server learns of the end of a connection that we close. */
START_TEST(closing_sends_close_notify)
{
    char byte;

    begin();
    wire_connect(false);
    wire_close();
    WIRE_UNTIL(peer_recv(&byte, 1) > 0 || SSL_get_shutdown(wire.ssl) != 0);
    ck_assert_int_eq(SSL_get_shutdown(wire.ssl), SSL_RECEIVED_SHUTDOWN);
    wire_end();
}
END_TEST

UNIT_SUITE(connection_tls)
{
    TCase *tests;
    Suite *suite = unit_suite_create("connection_tls", &tests);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, alpn_chooses_the_version, 0, (int)ARRAY_SIZE(choices));
    tcase_add_loop_test(tests, a_message_of_tls_is_not_an_answer, 0, (int)ARRAY_SIZE(not_answers));
    tcase_add_test(tests, records_that_openssl_has_are_not_overlooked);
    tcase_add_test(tests, bytes_right_after_the_handshake);
    tcase_add_loop_test(tests, parts_go_in_one_record, 0, (int)ARRAY_SIZE(joins));
    tcase_add_loop_test(tests, a_server_is_verified, 0, (int)ARRAY_SIZE(distrusted));
    tcase_add_loop_test(tests, verification_can_be_turned_off, 0, (int)ARRAY_SIZE(distrusted));
    tcase_add_test(tests, replaced_certificates_are_used_after_a_reload);
    tcase_add_test(tests, replaced_certificates_are_used_after_an_hour);
    tcase_add_loop_test(tests, certificates_that_cannot_be_loaded_again_stay, 0, 2);
    tcase_add_loop_test(tests, sessions_are_resumed_until_a_reload, 0, 2);
    tcase_add_test(tests, a_session_that_the_server_does_not_like_is_forgotten);
    tcase_add_test(tests, a_connection_survives_a_reload);
    tcase_add_loop_test(tests, the_oldest_version, 0, 2);
    tcase_add_test(tests, closing_sends_close_notify);
    return suite;
}
