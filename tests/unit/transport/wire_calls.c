/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the C library that libcurl calls, too, counted or held up. */
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>

#include "transport/connection_private.h"
#include "wire.h"

#define INTERPOSED __attribute__((visibility("default"))) /* for libcurl, too */

unsigned wire_recvs, wire_sends, wire_lookups;

static sem_t may_resolve;

static bool is_of_connection(int fd)
{
    return wire.connection && wire.connection->own->watch.fd == fd;
}

INTERPOSED ssize_t recv(int fd, void *data, size_t size, int flags)
{
    wire_recvs += is_of_connection(fd);
    return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

INTERPOSED ssize_t send(int fd, const void *data, size_t size, int flags)
{
    wire_sends += is_of_connection(fd);
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

INTERPOSED ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    wire_sends += is_of_connection(fd);
    return syscall(SYS_sendmsg, fd, message, flags);
}

__attribute__((constructor)) static void prepare(void)
{
    sem_init(&may_resolve, 0, 0);
}

void wire_let_resolve(void)
{
    sem_post(&may_resolve);
}

INTERPOSED int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                           struct addrinfo **ret)
{
    struct {
        struct addrinfo info;
        struct sockaddr_in address;
    } *entry = calloc(1, sizeof(*entry));

    __atomic_add_fetch(&wire_lookups, 1, __ATOMIC_SEQ_CST);
    if (strcmp(name, "slow.test") == 0)
        sem_wait(&may_resolve);
    if (hints->ai_flags & AI_NUMERICHOST)
        abort();
    entry->address = (struct sockaddr_in){.sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)atoi(service)),
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    entry->info = (struct addrinfo){.ai_family = AF_INET,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_addrlen = sizeof(entry->address),
                                    .ai_addr = (struct sockaddr *)&entry->address};
    *ret = &entry->info;
    return 0;
}

INTERPOSED void freeaddrinfo(struct addrinfo *info)
{
    free(info);
}
