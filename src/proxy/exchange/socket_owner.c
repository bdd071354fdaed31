/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/socket_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES 4096

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_storage storage;
};

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

union answer {
    struct nlmsghdr header;
    char bytes[ANSWER_BYTES];
};

/* ---- opening ---- */

#define OVERFLOW_USER 65534 /* unless /proc/sys/kernel/overflowuid says otherwise */

/* Whether our user namespace has all users. */
static bool has_all_users(void)
{
    FILE *file = fopen("/proc/self/uid_map", "re");
    unsigned first = 1, outside, count = 0;
    bool has_all;

    if (!file)
        return false;
    has_all = fscanf(file, "%u %u %u", &first, &outside, &count) == 3 && first == 0 && count == UINT32_MAX;
    fclose(file);
    return has_all;
}

/* Those that it does not have are shown as the overflow uid, which is somebody ("nobody") if it has all. */
static int64_t hidden_user(void)
{
    unsigned user = OVERFLOW_USER;
    FILE *file;

    if (has_all_users())
        return SOCKET_OWNER_UNKNOWN;
    file = fopen("/proc/sys/kernel/overflowuid", "re");
    if (!file)
        return user;
    if (fscanf(file, "%u", &user) != 1)
        user = OVERFLOW_USER;
    fclose(file);
    return user;
}

int socket_owner_open(struct socket_owner *owner)
{
    owner->hidden = hidden_user();
    owner->netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    return owner->netlink_fd < 0 ? -errno : 0;
}

void socket_owner_close(struct socket_owner *owner)
{
    if (owner->netlink_fd >= 0)
        close(owner->netlink_fd);
    owner->netlink_fd = -1;
}

/* ---- asking ---- */

/* From the client's point of view: SOURCE is its own end. */
static void set_addresses(struct inet_diag_sockid *id, const union address *source,
                          const union address *destination)
{
    bool is_six = source->any.sa_family == AF_INET6;

    id->idiag_sport = is_six ? source->six.sin6_port : source->four.sin_port;
    id->idiag_dport = is_six ? destination->six.sin6_port : destination->four.sin_port;
    if (is_six) {
        memcpy(id->idiag_src, &source->six.sin6_addr, sizeof(id->idiag_src));
        memcpy(id->idiag_dst, &destination->six.sin6_addr, sizeof(id->idiag_dst));
    } else {
        id->idiag_src[0] = source->four.sin_addr.s_addr;
        id->idiag_dst[0] = destination->four.sin_addr.s_addr;
    }
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static bool ask(struct socket_owner *owner, const union address *source, const union address *destination)
{
    struct question question = {
        .header = {.nlmsg_len = sizeof(question),
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST,
                   .nlmsg_seq = ++owner->sequence},
        .body = {.sdiag_family = (uint8_t)source->any.sa_family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = UINT32_MAX},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

    set_addresses(&question.body.id, source, destination);
    return sendto(owner->netlink_fd, &question, sizeof(question), MSG_DONTWAIT,
                  (const struct sockaddr *)&kernel, sizeof(kernel)) == (ssize_t)sizeof(question);
}

/* The kernel's answer to the last question. What anybody else sends, and late answers, are thrown away. */
static bool receive(const struct socket_owner *owner, union answer *answer)
{
    for (;;) {
        struct sockaddr_nl sender;
        socklen_t length = sizeof(sender);
        ssize_t n = recvfrom(owner->netlink_fd, answer, sizeof(*answer), MSG_DONTWAIT,
                             (struct sockaddr *)&sender, &length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (sender.nl_pid == 0 && NLMSG_OK(&answer->header, (size_t)n) &&
            answer->header.nlmsg_seq == owner->sequence)
            return true;
    }
}

/* A socket that its owner has closed has no inode and, so the kernel says, belongs to root. If there is no
 * such connection on this host, the kernel may tell of a socket that listens at the client's port. */
static int64_t owner_of(const union answer *answer)
{
    const struct inet_diag_msg *socket = NLMSG_DATA(&answer->header);

    if (answer->header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        answer->header.nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || socket->idiag_inode == 0)
        return SOCKET_OWNER_UNKNOWN;
    switch (socket->idiag_state) {
    case TCP_ESTABLISHED:
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2:
    case TCP_CLOSE_WAIT:
        return socket->idiag_uid;
    default:
        return SOCKET_OWNER_UNKNOWN;
    }
}

/* If our own end was reset, the port may be somebody else's by now: it has no other end then. */
static bool is_connected(int fd)
{
    union address address;
    socklen_t length = sizeof(address);

    return getpeername(fd, &address.any, &length) == 0;
}

static int64_t find_tcp(struct socket_owner *owner, int fd, const union address *client)
{
    union address own;
    socklen_t length = sizeof(own);
    union answer answer;
    int64_t user;

    if (owner->netlink_fd < 0 || getsockname(fd, &own.any, &length) < 0 || !ask(owner, client, &own) ||
        !receive(owner, &answer))
        return SOCKET_OWNER_UNKNOWN;
    user = owner_of(&answer);
    return is_connected(fd) ? user : SOCKET_OWNER_UNKNOWN;
}

static int64_t find_unix(int fd)
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 ? (int64_t)credentials.uid
                                                                               : SOCKET_OWNER_UNKNOWN;
}

int64_t socket_owner_find(struct socket_owner *owner, int fd, unsigned *ret_port)
{
    union address client = {0};
    socklen_t length = sizeof(client);
    int64_t user = SOCKET_OWNER_UNKNOWN;

    *ret_port = 0;
    if (getpeername(fd, &client.any, &length) < 0)
        return SOCKET_OWNER_UNKNOWN;
    if (client.any.sa_family == AF_UNIX) {
        user = find_unix(fd);
    } else {
        *ret_port = ntohs(client.any.sa_family == AF_INET6 ? client.six.sin6_port : client.four.sin_port);
        user = find_tcp(owner, fd, &client);
    }
    return user == owner->hidden ? SOCKET_OWNER_UNKNOWN : user;
}
