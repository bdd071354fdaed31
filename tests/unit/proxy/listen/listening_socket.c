/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/listen/listening_socket.h"
#include "unit.h"

static const char *const both[] = {"127.0.0.1", "::1"};

/* The errors of socket() and bind() for IPv6; 0: the real call. BIND_FAILURES: how many times bind() fails.
 */
static int socket_error, bind_error, bind_failures;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length);

int __wrap_socket(int family, int type, int protocol)
{
    if (family != AF_INET6 || socket_error == 0)
        return __real_socket(family, type, protocol);
    errno = socket_error;
    return -1;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    if (address->sa_family != AF_INET6 || bind_failures == 0)
        return __real_bind(fd, address, length);
    bind_failures--;
    errno = bind_error;
    return -1;
}

static void tear_down(void)
{
    socket_error = bind_error = bind_failures = 0;
}

static void fail_bind(int error, int failures)
{
    bind_error = error;
    bind_failures = failures;
}

/* Opens both and closes them. Returns the number that was open. */
static size_t open_both(int expected)
{
    struct listening_socket sockets[2];
    struct tb_error err = TB_ERROR_INIT;
    size_t count = 2, i;
    unsigned port;

    unit_capture();
    ck_assert_int_eq(listening_sockets_open_tcp(both, &count, 0, sockets, &err), expected);
    unit_captured();
    if (expected < 0) {
        ck_assert_ptr_nonnull(strstr(err.message, "cannot listen on http://"));
        return 0;
    }
    port = sockets[0].port;
    ck_assert_uint_gt(port, 0);
    for (i = 0; i < count; i++) {
        ck_assert_uint_eq(sockets[i].port, port);
        listening_socket_close(&sockets[i]);
    }
    return count;
}

START_TEST(a_host_without_ipv6_listens_on_the_other_address)
{
    socket_error = EAFNOSUPPORT;
    ck_assert_uint_eq(open_both(0), 1);
    socket_error = 0;
    fail_bind(EADDRNOTAVAIL, 1);
    ck_assert_uint_eq(open_both(0), 1);
    ck_assert_int_eq(bind_failures, 0);
}
END_TEST

START_TEST(without_any_address_it_is_an_error)
{
    struct listening_socket socket;
    struct tb_error err = TB_ERROR_INIT;
    size_t count = 1;

    socket_error = EAFNOSUPPORT;
    ck_assert_int_eq(listening_sockets_open_tcp(&both[1], &count, 0, &socket, &err), -EAFNOSUPPORT);
    ck_assert_ptr_nonnull(strstr(err.message, "http://[::1]"));
}
END_TEST

/* Up to 16 ports that are free on the first address are tried. */
START_TEST(a_free_port_is_free_on_both)
{
    fail_bind(EADDRINUSE, 15);
    ck_assert_uint_eq(open_both(0), 2);
    fail_bind(EADDRINUSE, 16);
    open_both(-EADDRINUSE);
    ck_assert_int_eq(bind_failures, 0);
}
END_TEST

START_TEST(another_error_is_reported)
{
    fail_bind(EACCES, 1);
    open_both(-EACCES);
}
END_TEST

START_TEST(no_address_opens_no_socket)
{
    struct tb_error err = TB_ERROR_INIT;
    size_t count = 0;

    ck_assert_int_eq(listening_sockets_open_tcp(both, &count, 8282, NULL, &err), 0);
    ck_assert_uint_eq(count, 0);
}
END_TEST

static int open_unix(struct listening_socket *ret)
{
    struct tb_error err = TB_ERROR_INIT;
    char path[100];
    const struct unix_socket_options options = {"listen", path, 0600, (gid_t)-1};
    int r;

    snprintf(path, sizeof(path), "%s/socket", unit_directory());
    r = listening_socket_open_unix(&options, ret, &err);
    ck_assert_int_eq(r < 0, strstr(err.message, path) != NULL);
    return r;
}

/* Two processes start at once: the second opens before the first has bound its socket. */
START_TEST(the_owner_of_the_lock_owns_the_path)
{
    struct listening_socket first, second;
    char lock[100];
    int fd;

    snprintf(lock, sizeof(lock), "%s/socket.lock", unit_directory());
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(open_unix(&first), -EADDRINUSE);
    close(fd); /* a dead process leaves its file, without the lock */
    ck_assert_int_eq(open_unix(&first), 0);
    ck_assert_int_eq(open_unix(&second), -EADDRINUSE);
    ck_assert_int_eq(access(lock, F_OK), 0);
    listening_socket_close(&first);
    ck_assert_int_eq(access(lock, F_OK), -1);
    ck_assert_int_eq(open_unix(&second), 0);
    listening_socket_close(&second);
}
END_TEST

/* Binds PATH like a version without the lock. KIND: SOCK_STREAM, SOCK_DGRAM. */
static int bind_other(int kind)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, kind | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", unit_directory());
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void assert_is_left_alone(int fd)
{
    struct listening_socket socket;
    char path[100];

    snprintf(path, sizeof(path), "%s/socket", unit_directory());
    ck_assert_int_eq(open_unix(&socket), -EADDRINUSE);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(fd);
    ck_assert_int_eq(open_unix(&socket), 0); /* now a dead process left it */
    listening_socket_close(&socket);
    ck_assert_int_eq(access(path, F_OK), -1);
}

START_TEST(a_bound_path_is_left_alone)
{
    int fd = bind_other(SOCK_STREAM);

    assert_is_left_alone(fd);
    fd = bind_other(SOCK_STREAM);
    ck_assert_int_eq(listen(fd, 1), 0);
    assert_is_left_alone(fd);
    assert_is_left_alone(bind_other(SOCK_DGRAM));
}
END_TEST

START_TEST(only_its_own_file_is_removed)
{
    struct listening_socket socket;
    char path[100];
    int fd;

    snprintf(path, sizeof(path), "%s/socket", unit_directory());
    ck_assert_int_eq(open_unix(&socket), 0);
    ck_assert_int_eq(unlink(path), 0);
    fd = bind_other(SOCK_STREAM);
    listening_socket_close(&socket);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(fd);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(a_lock_that_is_a_link_is_not_followed)
{
    struct listening_socket socket;
    char lock[100], precious[100];

    snprintf(lock, sizeof(lock), "%s/socket.lock", unit_directory());
    snprintf(precious, sizeof(precious), "%s/precious", unit_directory());
    ck_assert_int_eq(symlink(precious, lock), 0);
    ck_assert_int_eq(open_unix(&socket), -ELOOP);
    ck_assert_int_eq(access(precious, F_OK), -1);
    ck_assert_int_eq(unlink(lock), 0);
}
END_TEST

UNIT_SUITE(listening_socket)
{
    TCase *tests;
    Suite *suite = unit_suite_create("listening_socket", &tests);

    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, a_host_without_ipv6_listens_on_the_other_address);
    tcase_add_test(tests, without_any_address_it_is_an_error);
    tcase_add_test(tests, a_free_port_is_free_on_both);
    tcase_add_test(tests, another_error_is_reported);
    tcase_add_test(tests, no_address_opens_no_socket);
    tcase_add_test(tests, the_owner_of_the_lock_owns_the_path);
    tcase_add_test(tests, a_bound_path_is_left_alone);
    tcase_add_test(tests, only_its_own_file_is_removed);
    tcase_add_test(tests, a_lock_that_is_a_link_is_not_followed);
    return suite;
}
