/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/socket_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define OTHER_USER 10001

static struct socket_owner owner;
static int listening, client, accepted;
static unsigned client_port;

static void set_up(void)
{
    ck_assert_int_eq(socket_owner_open(&owner), 0);
    owner.hidden = SOCKET_OWNER_UNKNOWN;
    listening = client = accepted = -1;
}

static void tear_down(void)
{
    close(listening);
    close(client);
    close(accepted);
    socket_owner_close(&owner);
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = {.any.sa_family = AF_UNSPEC};
    socklen_t length = sizeof(address);

    ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
    return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

/* CLIENT is connected to a listening socket, which has not accepted yet. */
static void connect_tcp(int family)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in source = four;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    socklen_t length = family == AF_INET ? sizeof(four) : sizeof(six);

    listening = socket(family, SOCK_STREAM, 0);
    client = socket(family, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listening, address, length), 0);
    ck_assert_int_eq(listen(listening, 1), 0);
    ck_assert_int_eq(getsockname(listening, address, &length), 0);
    if (family == AF_INET) /* so that its port can be bound again */
        ck_assert_int_eq(bind(client, (struct sockaddr *)&source, sizeof(source)), 0);
    ck_assert_int_eq(connect(client, address, length), 0);
    client_port = port_of(client);
}

static int64_t find(void)
{
    unsigned port;
    int64_t user;

    if (accepted < 0)
        accepted = accept(listening, NULL, NULL);
    ck_assert_int_ge(accepted, 0);
    user = socket_owner_find(&owner, accepted, &port);
    ck_assert_uint_eq(port, client_port);
    return user;
}

static const int families[] = {AF_INET, AF_INET6};

START_TEST(an_open_connection_is_its_users)
{
    connect_tcp(families[_i]);
    ck_assert_int_eq(find(), getuid());
    ck_assert_int_eq(find(), getuid());
}
END_TEST

START_TEST(one_that_sends_no_more_is_too)
{
    connect_tcp(families[_i]);
    ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    ck_assert_int_eq(find(), getuid());
}
END_TEST

/* The kernel says uid 0, inode 0. */
START_TEST(one_that_was_closed_is_nobodys)
{
    connect_tcp(families[_i]);
    ck_assert_int_eq(send(client, "x", 1, 0), 1);
    close(client);
    client = -1;
    ck_assert_int_eq(find(), SOCKET_OWNER_UNKNOWN);
}
END_TEST

/* Another one may have its port by now. */
START_TEST(one_that_was_reset_is_nobodys_even_if_its_port_is_in_use)
{
    struct linger at_once = {1, 0};
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in target = source;

    connect_tcp(AF_INET);
    target.sin_port = htons((uint16_t)port_of(listening));
    source.sin_port = htons((uint16_t)client_port);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(client);
    client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&source, sizeof(source)), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&target, sizeof(target)), 0);
    accepted = accept(listening, NULL, NULL);
    ck_assert_int_ge(accepted, 0);
    ck_assert_int_eq(socket_owner_find(&owner, accepted, &client_port), SOCKET_OWNER_UNKNOWN);
}
END_TEST

START_TEST(a_hidden_user_is_nobody)
{
    connect_tcp(AF_INET);
    owner.hidden = getuid();
    ck_assert_int_eq(find(), SOCKET_OWNER_UNKNOWN);
}
END_TEST

START_TEST(nobody_is_known_if_the_kernel_cannot_be_asked)
{
    connect_tcp(AF_INET);
    socket_owner_close(&owner);
    ck_assert_int_eq(find(), SOCKET_OWNER_UNKNOWN);
}
END_TEST

/* Answers to earlier questions, which nobody has read. */
START_TEST(a_late_answer_is_not_taken_for_the_right_one)
{
    struct socket_owner copy = owner;

    connect_tcp(AF_INET);
    find();
    copy.sequence = owner.sequence + 100;
    close(client);
    client = -1;
    ck_assert_int_eq(socket_owner_find(&copy, accepted, &client_port), SOCKET_OWNER_UNKNOWN);
    ck_assert_int_eq(find(), SOCKET_OWNER_UNKNOWN);
}
END_TEST

START_TEST(a_unix_socket_says_it_itself)
{
    int pair[2];
    unsigned port = 1;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    client = pair[0];
    ck_assert_int_eq(socket_owner_find(&owner, pair[1], &port), getuid());
    ck_assert_uint_eq(port, 0);
    accepted = pair[1];
}
END_TEST

/* Another user's: only root can become one. */
START_TEST(each_connection_is_that_of_its_own_user)
{
    int status;
    pid_t child;

    if (getuid() != 0)
        return;
    connect_tcp(families[_i]);
    ck_assert_int_eq(find(), 0);
    close(accepted);
    accepted = -1;
    close(client);
    close(listening);
    child = fork();
    if (child == 0) {
        ck_assert_int_eq(setuid(OTHER_USER), 0);
        connect_tcp(families[_i]);
        ck_assert_int_eq(find(), OTHER_USER);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    listening = client = -1;
}
END_TEST

#define HOST_ADDRESS 0xc0000201U /* 192.0.2.1 */

/* Sets the address of the loopback device, or of its alias "lo:1". */
static void set_address(const char *device, uint32_t address)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
    } wanted = {.four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)}};
    struct ifreq request = {.ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
    if (!strchr(device, ':'))
        ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    request.ifr_addr = wanted.any;
    ck_assert_int_eq(ioctl(fd, SIOCSIFADDR, &request), 0);
    close(fd);
}

/* CLIENT, at another address of this host, is connected to LISTENING at ADDRESS. */
static void connect_from_host_address(uint32_t address)
{
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(HOST_ADDRESS)};
    socklen_t length = sizeof(target);

    listening = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&target, sizeof(target)), 0);
    ck_assert_int_eq(listen(listening, 1), 0);
    ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&target, &length), 0);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&source, sizeof(source)), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&target, sizeof(target)), 0);
    client_port = port_of(client);
}

/* In a network namespace of its own, which only root can make. */
static void connect_in_namespace(uint32_t address)
{
    if (unshare(CLONE_NEWNET) < 0)
        _exit(0);
    set_address("lo", INADDR_LOOPBACK);
    set_address("lo:1", HOST_ADDRESS);
    socket_owner_close(&owner);
    ck_assert_int_eq(socket_owner_open(&owner), 0);
    connect_from_host_address(address);
    ck_assert_int_eq(find(), 0);
    close(client);
    ck_assert_int_eq(find(), SOCKET_OWNER_UNKNOWN);
    _exit(0);
}

START_TEST(any_address_of_this_host_will_do)
{
    static const uint32_t addresses[] = {INADDR_LOOPBACK, HOST_ADDRESS};
    int status;
    pid_t child;

    if (getuid() != 0)
        return;
    child = fork();
    if (child == 0)
        connect_in_namespace(addresses[_i]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* qemu's emulation of a user process cannot. */
static bool kernel_can_be_asked(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return errno != EPROTONOSUPPORT;
    close(fd);
    return true;
}

UNIT_SUITE(socket_owner)
{
    TCase *tests;
    Suite *suite = unit_suite_create("socket_owner", &tests);

    if (!kernel_can_be_asked())
        return suite;
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, an_open_connection_is_its_users, 0, 2);
    tcase_add_loop_test(tests, one_that_sends_no_more_is_too, 0, 2);
    tcase_add_loop_test(tests, one_that_was_closed_is_nobodys, 0, 2);
    tcase_add_test(tests, one_that_was_reset_is_nobodys_even_if_its_port_is_in_use);
    tcase_add_test(tests, a_hidden_user_is_nobody);
    tcase_add_test(tests, nobody_is_known_if_the_kernel_cannot_be_asked);
    tcase_add_test(tests, a_late_answer_is_not_taken_for_the_right_one);
    tcase_add_test(tests, a_unix_socket_says_it_itself);
    tcase_add_loop_test(tests, each_connection_is_that_of_its_own_user, 0, 2);
    tcase_add_loop_test(tests, any_address_of_this_host_will_do, 0, 2);
    return suite;
}
