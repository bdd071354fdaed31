/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/passed_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "proxy/config/config.h"
#include "proxy/config/option_table.h"
#include "proxy/config/option_value.h"
#include "proxy/config/values.h"

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
};

bool passed_sockets_exist(void)
{
    return sd_listen_fds(0) > 0;
}

static bool is_loopback(const union address *address)
{
    return address->any.sa_family == AF_INET6
               ? IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr)
               : ntohl(address->four.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

static void name_tcp(struct listening_socket *listening, const union address *address)
{
    bool is_six = address->any.sa_family == AF_INET6;
    char text[INET6_ADDRSTRLEN];

    listening->port = ntohs(is_six ? address->six.sin6_port : address->four.sin_port);
    inet_ntop(address->any.sa_family,
              is_six ? (const void *)&address->six.sin6_addr : (const void *)&address->four.sin_addr, text,
              sizeof(text));
    snprintf(listening->name, sizeof(listening->name), "http://%s%s%s:%u", is_six ? "[" : "", text,
             is_six ? "]" : "", listening->port);
}

static int take(int fd, struct listening_socket *ret, struct tb_error *err)
{
    union address address = {0};
    socklen_t length = sizeof(address) - 1; /* a path may fill all of it */

    *ret = (struct listening_socket){.fd = fd, .lock_fd = -1};
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 || getsockname(fd, &address.any, &length) < 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        return tb_error_set(err, -EINVAL, "descriptor %d from the socket unit is not a listening socket", fd);
    if (address.any.sa_family == AF_UNIX) {
        snprintf(ret->name, sizeof(ret->name), "%s", address.local.sun_path);
        return 0;
    }
    if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
        return tb_error_set(err, -EINVAL, "descriptor %d from the socket unit is neither TCP nor Unix", fd);
    name_tcp(ret, &address);
    if (!is_loopback(&address))
        return tb_error_set(err, -EINVAL,
                            "%s from the socket unit: only loopback addresses are allowed, because local "
                            "programs need no credential; change ListenStream=",
                            ret->name);
    return 0;
}

size_t passed_sockets_take(struct listening_socket *ret, size_t max)
{
    int passed = sd_listen_fds(0), i;
    size_t count = 0;

    for (i = 0; i < passed; i++) {
        struct tb_error err = TB_ERROR_INIT;

        if (count == max)
            tb_error_set(&err, -EINVAL, "the socket unit has more than %zu sockets", max);
        if (count == max || take(SD_LISTEN_FDS_START + i, &ret[count], &err) < 0)
            log_error("%s; it is not served", err.message);
        else
            count++;
    }
    return count;
}

/* ---- comparison ---- */

static bool is_set(struct config *config, const char *name)
{
    return !option_is_default(option_find("listen", strlen("listen"), name), config);
}

static void warn(const char *name)
{
    log_warning("listen.%s differs from the sockets of the socket unit, which are used; change the unit",
                name);
}

/* Compares the addresses and the port of the TCP sockets. */
static void compare_tcp(const struct listening_socket *sockets, size_t count, struct config *config)
{
    const char *addresses[LISTEN_ADDRESSES_MAX];
    int wanted = config_listen_addresses(config, addresses), found = 0, j;
    bool port_differs = false;
    size_t i, total = 0;

    for (i = 0; i < count; i++) {
        if (sockets[i].port == 0)
            continue;
        total++;
        port_differs |= sockets[i].port != config->listen.port;
        for (j = 0; j < wanted; j++)
            found += strncmp(sockets[i].name + strlen("http://") + (strchr(addresses[j], ':') != NULL),
                             addresses[j], strlen(addresses[j])) == 0;
    }
    if (is_set(config, "address") && (found != wanted || total != (size_t)wanted))
        warn("address");
    if (is_set(config, "port") && (port_differs || total == 0))
        warn("port");
}

static void compare_unix(const struct listening_socket *sockets, size_t count, struct config *config)
{
    gid_t group = (gid_t)-1;
    const char *path = NULL;
    struct stat status;
    size_t i;

    for (i = 0; i < count; i++)
        if (sockets[i].port == 0 && (!path || strcmp(sockets[i].name, config->listen.unix_path) == 0))
            path = sockets[i].name;
    if (is_set(config, "unix_path") && strcmp(path ? path : "", config->listen.unix_path) != 0)
        warn("unix_path");
    if (!path || stat(path, &status) < 0)
        return;
    if (is_set(config, "unix_mode") && config_unix_mode(config) != (status.st_mode & 0777))
        warn("unix_mode");
    if (is_set(config, "unix_group") &&
        (config_unix_group(config, &group, NULL) < 0 || group != status.st_gid))
        warn("unix_group");
}

void passed_sockets_compare(const struct listening_socket *sockets, size_t count, struct config *config)
{
    compare_tcp(sockets, count, config);
    compare_unix(sockets, count, config);
}
