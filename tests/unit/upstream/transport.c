/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define TURNS 20

/* A server whose backlog is full: a connection to it is begun and not made. */
static struct {
    int listener, waiting[2];
    struct loop loop;
    struct transport *transport;
} world;

static int connect_to(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    connect(fd, (const struct sockaddr *)address, sizeof(*address));
    return fd;
}

static void begin(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    char url[64];
    struct transport_options options = {.url = url, .connect_timeout_ms = 60000, .max_connections = 4};
    struct tb_error err = TB_ERROR_INIT;
    size_t i;

    world.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(world.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(world.listener, 0), 0);
    getsockname(world.listener, (struct sockaddr *)&address, &length);
    for (i = 0; i < ARRAY_SIZE(world.waiting); i++)
        world.waiting[i] = connect_to(&address);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
    ck_assert_int_eq(loop_init(&world.loop), 0);
    ck_assert_int_eq(transport_new(&world.loop, &options, &world.transport, &err), 0);
}

static void end(void)
{
    size_t i;

    transport_free(world.transport);
    loop_close(&world.loop);
    for (i = 0; i < ARRAY_SIZE(world.waiting); i++)
        close(world.waiting[i]);
    close(world.listener);
}

static void never(struct transfer *transfer)
{
    (void)transfer;
    ck_abort_msg("there is no connection");
}

static void prepare(struct transfer *transfer)
{
    *transfer = (struct transfer){.method = "GET", .target = "/", .done = never};
    transfer->response = (struct headers)HEADERS_INIT;
}

START_TEST(a_transfer_that_is_cancelled_while_it_connects_harms_no_other)
{
    struct transfer first, second;
    int i;

    begin();
    prepare(&first);
    prepare(&second);
    ck_assert_int_eq(transfer_start(world.transport, &first), 0);
    for (i = 0; i < TURNS && !first.has_socket; i++) {
        transport_run(world.transport);
        ck_assert_int_eq(loop_turn(&world.loop, 1), 0);
    }
    ck_assert(first.has_socket);
    ck_assert_int_eq(transfer_start(world.transport, &second), 0);
    transport_run(world.transport);
    transfer_cancel(&first);
    ck_assert_int_eq(transfer_start(world.transport, &first), 0);
    transfer_cancel(&first);
    transfer_cancel(&second);
    transfer_free(&first);
    transfer_free(&second);
    end();
}
END_TEST

UNIT_SUITE(transport)
{
    TCase *tests;
    Suite *suite = unit_suite_create("transport", &tests);

    tcase_add_test(tests, a_transfer_that_is_cancelled_while_it_connects_harms_no_other);
    return suite;
}
