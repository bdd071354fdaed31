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

static enum listener_kind kind_of(const struct listening_socket *listening, const char *name)
{
    if (strcmp(name, "admin") != 0)
        return LISTENER_API;
    return listening->port == 0 ? LISTENER_ADMIN : LISTENER_ADMIN_TCP;
}

static void free_names(char ***names)
{
    size_t i;

    for (i = 0; *names && (*names)[i]; i++)
        free((*names)[i]);
    free(*names);
}

size_t passed_sockets_take(struct listening_socket ret[PASSED_SOCKETS_MAX])
{
    CLEANUP(free_names) char **names = NULL;
    int passed = sd_listen_fds_with_names(0, &names), i;
    size_t count = 0;

    for (i = 0; i < passed; i++) {
        struct tb_error err = TB_ERROR_INIT;

        if (count == PASSED_SOCKETS_MAX)
            tb_error_set(&err, -EINVAL, "the socket unit has more than %d sockets", PASSED_SOCKETS_MAX);
        if (count == PASSED_SOCKETS_MAX || take(SD_LISTEN_FDS_START + i, &ret[count], &err) < 0) {
            log_error("%s; it is not served", err.message);
            continue;
        }
        ret[count].kind = kind_of(&ret[count], names[i]);
        count++;
    }
    return count;
}

/* ---- comparison ---- */

static bool is_set(struct config *config, const char *section, const char *name)
{
    return !option_is_default(option_find(section, strlen(section), name), config);
}

static void warn(const char *section, const char *name)
{
    log_warning("%s.%s differs from the sockets of the socket unit, which are used; change the unit", section,
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
        if (sockets[i].port == 0 || sockets[i].kind != LISTENER_API)
            continue;
        total++;
        port_differs |= sockets[i].port != config->listen.port;
        for (j = 0; j < wanted; j++)
            found += strncmp(sockets[i].name + strlen("http://") + (strchr(addresses[j], ':') != NULL),
                             addresses[j], strlen(addresses[j])) == 0;
    }
    if (is_set(config, "listen", "address") && (found != wanted || total != (size_t)wanted))
        warn("listen", "address");
    if (is_set(config, "listen", "port") && (port_differs || total == 0))
        warn("listen", "port");
}

/* The options of the Unix sockets of a kind. */
struct unix_options {
    enum listener_kind kind;
    const char *section, *path, *group;
};

/* The socket at the path of WANTED, or else the first of its kind; NULL: there is none. */
static const char *find_unix(const struct listening_socket *sockets, size_t count,
                             const struct unix_options *wanted)
{
    const char *found = NULL;
    size_t i;

    for (i = 0; i < count; i++)
        if (sockets[i].port == 0 && sockets[i].kind == wanted->kind &&
            (!found || strcmp(sockets[i].name, wanted->path) == 0))
            found = sockets[i].name;
    return found;
}

static void compare_unix(const char *path, const struct unix_options *wanted, struct config *config)
{
    gid_t group = (gid_t)-1;
    struct stat status;

    if (is_set(config, wanted->section, "unix_path") && strcmp(path ? path : "", wanted->path) != 0)
        warn(wanted->section, "unix_path");
    if (!path || stat(path, &status) < 0)
        return;
    if (wanted->kind == LISTENER_API && is_set(config, "listen", "unix_mode") &&
        config_unix_mode(config) != (status.st_mode & 0777))
        warn("listen", "unix_mode");
    if (is_set(config, wanted->section, "unix_group") &&
        (config_group("unix_group", wanted->group, &group, NULL) < 0 || group != status.st_gid))
        warn(wanted->section, "unix_group");
}

void passed_sockets_compare(const struct listening_socket *sockets, size_t count, struct config *config)
{
    const struct unix_options api = {LISTENER_API, "listen", config->listen.unix_path,
                                     config->listen.unix_group};
    const struct unix_options admin = {LISTENER_ADMIN, "admin", config->admin.unix_path,
                                       config->admin.unix_group};
    const char *admin_path = find_unix(sockets, count, &admin);

    compare_tcp(sockets, count, config);
    compare_unix(find_unix(sockets, count, &api), &api, config);
    if (admin_path)
        compare_unix(admin_path, &admin, config);
}
