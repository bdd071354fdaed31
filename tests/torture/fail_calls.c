/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of the C library that can fail.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"

/* Memory. dlsym() may allocate, so the function that is replaced has a name of its own. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define REAL(name) __interceptor_##name
#endif
#endif
#ifndef REAL
#define REAL(name) __libc_##name
#endif
#define REPLACE_ALLOCATOR(name, parameters, arguments)                                                       \
    void *REAL(name) parameters;                                                                             \
    EXPORT void *name parameters;                                                                            \
    void *name parameters                                                                                    \
    {                                                                                                        \
        if (fails(#name)) {                                                                                  \
            errno = ENOMEM;                                                                                  \
            return NULL;                                                                                     \
        }                                                                                                    \
        return REAL(name) arguments;                                                                         \
    }

REPLACE_ALLOCATOR(malloc, (size_t size), (size))
REPLACE_ALLOCATOR(calloc, (size_t count, size_t size), (count, size))
REPLACE_ALLOCATOR(realloc, (void *old, size_t size), (old, size))
REPLACE_ALLOCATOR(memalign, (size_t alignment, size_t size), (alignment, size))

/* A sanitizer's would not call malloc(). */
EXPORT char *strndup(const char *text, size_t max)
{
    size_t length = strnlen(text, max);
    char *copy = fails("strndup") ? NULL : REAL(malloc)(length + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

EXPORT char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails("strdup") ? NULL : REAL(malloc)(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

#define MMAP_PARAMETERS (void *at, size_t size, int access, int flags, int fd, off_t offset)
REPLACE(void *, mmap, MMAP_PARAMETERS, (at, size, access, flags, fd, offset), MAP_FAILED, ENOMEM)
REPLACE(void *, mmap64, MMAP_PARAMETERS, (at, size, access, flags, fd, offset), MAP_FAILED, ENOMEM)

/* A sanitizer must know of the threads. */
#define THREAD_PARAMETERS (void *thread, const void *options, void *(*run)(void *), void *data)
int __interceptor_pthread_create THREAD_PARAMETERS __attribute__((weak));
EXPORT int pthread_create THREAD_PARAMETERS;
int pthread_create THREAD_PARAMETERS
{
    static int(*real) THREAD_PARAMETERS;

    if (fails("pthread_create"))
        return EAGAIN;
    if (!real)
        *(void **)&real = __interceptor_pthread_create ? (void *)__interceptor_pthread_create
                                                       : dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, options, run, data);
}

/* AddressSanitizer calls it when a thread begins, and does not survive its failure. */
EXPORT int pthread_getattr_np(unsigned long thread, void *ret);
int pthread_getattr_np(unsigned long thread, void *ret)
{
    static int (*real)(unsigned long, void *);
    int r;

    spare(true);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_getattr_np");
    r = real(thread, ret);
    spare(false);
    return r;
}

/* Descriptors. */
REPLACE(int, socket, (int family, int type, int protocol), (family, type, protocol), -1, EMFILE)
REPLACE(int, socketpair, (int family, int type, int protocol, int pair[2]), (family, type, protocol, pair),
        -1, EMFILE)
REPLACE(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags),
        (fd, address, length, flags), -1, EMFILE)
REPLACE(int, accept, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), -1, EMFILE)
REPLACE(int, bind, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), -1,
        ENOMEM)
REPLACE(int, listen, (int fd, int backlog), (fd, backlog), -1, EADDRINUSE)
REPLACE(int, connect, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), -1,
        EADDRNOTAVAIL)
REPLACE(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t length),
        (fd, level, name, value, length), -1, ENOMEM)
REPLACE(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *length),
        (fd, level, name, value, length), -1, ENOBUFS)
REPLACE(int, getsockname, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), -1,
        ENOBUFS)
REPLACE(int, getpeername, (int fd, struct sockaddr *address, socklen_t *length), (fd, address, length), -1,
        ENOTCONN)
REPLACE(int, eventfd, (unsigned value, int flags), (value, flags), -1, EMFILE)
REPLACE(int, pipe, (int pair[2]), (pair), -1, EMFILE)
REPLACE(int, pipe2, (int pair[2], int flags), (pair, flags), -1, EMFILE)
REPLACE(int, signalfd, (int fd, const void *set, int flags), (fd, set, flags), -1, EMFILE)
REPLACE(int, epoll_create, (int size), (size), -1, EMFILE)
REPLACE(int, epoll_create1, (int flags), (flags), -1, EMFILE)

/* Whatever is removed can be removed. */
EXPORT int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    static int (*real)(int, int, int, struct epoll_event *);

    if (operation != EPOLL_CTL_DEL && fails("epoll_ctl")) {
        errno = ENOMEM;
        return -1;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "epoll_ctl");
    return real(epoll_fd, operation, fd, event);
}

EXPORT int epoll_wait(int epoll_fd, struct epoll_event *events, int max, int wait_ms)
{
    static int (*real)(int, struct epoll_event *, int, int);

    look_for_leaks();
    if (fails("epoll_wait")) {
        errno = EINTR;
        return -1;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "epoll_wait");
    return real(epoll_fd, events, max, wait_ms);
}

static bool can_fail(int fd)
{
    struct stat status; /* an eventfd has no type; writing to one fails only if nobody reads it for ages */

    return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) != 0;
}

/* A connection that has failed once is dead. */
#define REPLACE_TRANSFER(name, parameters, arguments, error)                                                 \
    EXPORT ssize_t name parameters;                                                                          \
    ssize_t name parameters                                                                                  \
    {                                                                                                        \
        static ssize_t(*real) parameters;                                                                    \
        if (can_fail(fd) && fails(#name)) {                                                                  \
            shutdown(fd, SHUT_RDWR);                                                                         \
            errno = error;                                                                                   \
            return -1;                                                                                       \
        }                                                                                                    \
        if (!real)                                                                                           \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                                       \
        return real arguments;                                                                               \
    }

REPLACE_TRANSFER(read, (int fd, void *data, size_t size), (fd, data, size), EIO)
REPLACE_TRANSFER(write, (int fd, const void *data, size_t size), (fd, data, size), EPIPE)
REPLACE_TRANSFER(recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), ECONNRESET)
REPLACE_TRANSFER(recvfrom,
                 (int fd, void *data, size_t size, int flags, struct sockaddr *from, socklen_t *length),
                 (fd, data, size, flags, from, length), ECONNRESET)
REPLACE_TRANSFER(recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), ECONNRESET)
REPLACE_TRANSFER(send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags),
                 ECONNRESET)
REPLACE_TRANSFER(sendto,
                 (int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
                  socklen_t length),
                 (fd, data, size, flags, to, length), ENOBUFS)
REPLACE_TRANSFER(sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), ECONNRESET)
REPLACE_TRANSFER(writev, (int fd, const void *parts, int count), (fd, parts, count), ECONNRESET)

REPLACE(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
REPLACE(FILE *, fopen64, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
REPLACE(int, open64, (const char *path, int flags, unsigned mode), (path, flags, mode), -1, EMFILE)
REPLACE(int, open, (const char *path, int flags, unsigned mode), (path, flags, mode), -1, EMFILE)
REPLACE(int, fcntl64, (int fd, int command, void *argument), (fd, command, argument), -1, ENOLCK)

/* Files, as SQLite uses them. */
REPLACE(ssize_t, pread64, (int fd, void *data, size_t size, off_t at), (fd, data, size, at), -1, EIO)
REPLACE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), -1,
        ENOSPC)
REPLACE(int, fsync, (int fd), (fd), -1, EIO)
REPLACE(int, fdatasync, (int fd), (fd), -1, EIO)
REPLACE(int, ftruncate, (int fd, off_t size), (fd, size), -1, EIO)
REPLACE(int, ftruncate64, (int fd, off_t size), (fd, size), -1, EIO)
REPLACE(int, posix_fallocate, (int fd, off_t at, off_t size), (fd, at, size), ENOSPC, 0)
REPLACE(int, unlink, (const char *path), (path), -1, EROFS)
REPLACE(int, rename, (const char *from, const char *to), (from, to), -1, EROFS)
REPLACE(int, stat, (const char *path, struct stat *ret), (path, ret), -1, ENOMEM)
REPLACE(int, stat64, (const char *path, struct stat64 *ret), (path, ret), -1, ENOMEM)
REPLACE(int, fstat64, (int fd, struct stat64 *ret), (fd, ret), -1, ENOMEM)
REPLACE(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, EROFS)

#ifdef __clang__
#pragma clang attribute pop
#endif
