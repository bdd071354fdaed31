/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/listening_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"

#define FREE_PORT_TRIES 16 /* to find a port that is free on all addresses */

#define LOCK_TRIES 16 /* a try fails if another process removed the lock file meanwhile */

static int refuse(const struct listening_socket *listening, int error, struct tb_error *err)
{
    return tb_error_set(err, -error, "cannot listen on %s: %s", listening->name, strerror(error));
}

static int open_socket(struct listening_socket *listening, int family, struct tb_error *err)
{
    listening->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listening->fd < 0 ? refuse(listening, errno, err) : 0;
}

/* ---- TCP ---- */

static int bind_and_listen(struct listening_socket *listening, struct sockaddr *address, socklen_t length,
                           struct tb_error *err)
{
    int on = 1, r = open_socket(listening, address->sa_family, err);

    if (r < 0)
        return r;
    setsockopt(listening->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listening->fd, address, length) < 0 || listen(listening->fd, SOMAXCONN) < 0 ||
        getsockname(listening->fd, address, &length) < 0)
        return refuse(listening, errno, err);
    return 0;
}

static void name_tcp(struct listening_socket *listening, const char *address, unsigned port)
{
    bool is_six = strchr(address, ':') != NULL;

    snprintf(listening->name, sizeof(listening->name), "http://%s%s%s:%u", is_six ? "[" : "", address,
             is_six ? "]" : "", port);
}

static int open_tcp(const char *address, unsigned port, struct listening_socket *ret, struct tb_error *err)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
    int r;

    *ret = (struct listening_socket){.fd = -1, .lock_fd = -1, .kind = LISTENER_API};
    name_tcp(ret, address, port);
    inet_pton(AF_INET, address, &four.sin_addr);
    r = is_six ? bind_and_listen(ret, (struct sockaddr *)&six, sizeof(six), err)
               : bind_and_listen(ret, (struct sockaddr *)&four, sizeof(four), err);
    if (r < 0) {
        listening_socket_close(ret);
        return r;
    }
    ret->port = ntohs(is_six ? six.sin6_port : four.sin_port);
    name_tcp(ret, address, ret->port);
    return 0;
}

/* One try of listening_sockets_open_tcp(). *MISSING has a bit for each address that was skipped. */
static int open_all(const char *const *addresses, size_t count, unsigned port, struct listening_socket *ret,
                    size_t *opened, unsigned *missing, struct tb_error *err)
{
    size_t i;
    int r = 0;

    *opened = 0;
    *missing = 0;
    for (i = 0; i < count; i++) {
        struct listening_socket *next = &ret[*opened];

        r = open_tcp(addresses[i], *opened > 0 ? ret[0].port : port, next, err);
        if (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL)
            *missing |= 1U << i;
        else if (r < 0)
            break;
        else
            ++*opened;
    }
    if (r == 0 || (i == count && *opened > 0))
        return 0;
    while (*opened > 0)
        listening_socket_close(&ret[--*opened]);
    return r;
}

int listening_sockets_open_tcp(const char *const *addresses, size_t *count, unsigned port,
                               struct listening_socket *ret, struct tb_error *err)
{
    size_t opened, i, tries = 0;
    unsigned missing;
    int r;

    do
        r = open_all(addresses, *count, port, ret, &opened, &missing, err);
    while (r == -EADDRINUSE && port == 0 && ++tries < FREE_PORT_TRIES);
    if (r < 0)
        return r;
    for (i = 0; i < *count; i++)
        if (missing & (1U << i))
            log_info("not listening on %s: this host does not have the address", addresses[i]);
    *count = opened;
    return 0;
}

/* ---- Unix ---- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Returns 1 to try again: the former owner removed the lock file meanwhile. */
static int try_to_lock(struct listening_socket *listening)
{
    struct stat locked, present;

    listening->lock_fd = open(listening->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (listening->lock_fd < 0)
        return -errno;
    if (flock(listening->lock_fd, LOCK_EX | LOCK_NB) < 0 || fstat(listening->lock_fd, &locked) < 0)
        return -errno;
    if (lstat(listening->lock_path, &present) == 0 && is_same_file(&locked, &present))
        return 0;
    close(listening->lock_fd);
    listening->lock_fd = -1;
    return 1;
}

static int lock(struct listening_socket *listening, const char *section, struct tb_error *err)
{
    int r = 1, tries;

    for (tries = 0; r == 1 && tries < LOCK_TRIES; tries++)
        r = try_to_lock(listening);
    if (r == 0)
        return 0;
    if (listening->lock_fd >= 0)
        close(listening->lock_fd);
    listening->lock_fd = -1;
    if (r == -ENOENT)
        return tb_error_set(err, r,
                            "cannot listen on %s: its directory does not exist; create it, or change "
                            "%s.unix_path (empty: no such socket)",
                            listening->path, section);
    if (r == 1 || r == -EWOULDBLOCK)
        return tb_error_set(err, -EADDRINUSE, "cannot listen on %s: another tbproxyd uses it (lock %s)",
                            listening->path, listening->lock_path);
    return tb_error_set(err, r, "cannot listen on %s: %s: %s", listening->path, listening->lock_path,
                        strerror(-r));
}

/* Removes a socket that no process has bound any more. Connecting a datagram socket to a stream socket fails
 * with EPROTOTYPE if a process has bound it, even before it listens; with ECONNREFUSED if none has. */
static void remove_stale_socket(const struct sockaddr_un *address)
{
    CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat status;

    if (fd >= 0 && lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED)
        unlink(address->sun_path);
}

static int bind_unix(struct listening_socket *listening, const struct unix_socket_options *options,
                     struct tb_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int r = open_socket(listening, AF_UNIX, err);

    if (r < 0)
        return r;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", listening->path);
    remove_stale_socket(&address);
    if (bind(listening->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return refuse(listening, errno, err);
    if (lstat(listening->path, &listening->file) < 0)
        return refuse(listening, errno, err);
    if (options->group != (gid_t)-1 && lchown(listening->path, (uid_t)-1, options->group) < 0) {
        refuse(listening, errno, err);
        return tb_error_prefix(err, "%s.unix_group", options->section);
    }
    if (chmod(listening->path, options->mode) < 0 || listen(listening->fd, SOMAXCONN) < 0)
        return refuse(listening, errno, err);
    return 0;
}

int listening_socket_open_unix(const struct unix_socket_options *options, struct listening_socket *ret,
                               struct tb_error *err)
{
    const char *path = options->path;
    int r;

    *ret = (struct listening_socket){.fd = -1, .lock_fd = -1, .kind = LISTENER_API, .path = strdup(path)};
    snprintf(ret->name, sizeof(ret->name), "%s", path);
    if (!ret->path || asprintf(&ret->lock_path, "%s.lock", path) < 0) {
        ret->lock_path = NULL;
        r = tb_error_set(err, -ENOMEM, "out of memory");
    } else {
        r = lock(ret, options->section, err);
    }
    if (r == 0)
        r = bind_unix(ret, options, err);
    if (r < 0)
        listening_socket_close(ret);
    return r;
}

void listening_socket_close(struct listening_socket *listening)
{
    struct stat present;

    if (listening->path && listening->file.st_ino != 0 && lstat(listening->path, &present) == 0 &&
        is_same_file(&present, &listening->file))
        unlink(listening->path); /* before closing it, so that no process finds a stale socket */
    if (listening->lock_fd >= 0) {
        unlink(listening->lock_path);
        close(listening->lock_fd);
    }
    if (listening->fd >= 0)
        close(listening->fd);
    free(listening->path);
    free(listening->lock_path);
    *listening = (struct listening_socket){.fd = -1, .lock_fd = -1};
}
