/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idioms that every file uses: cleanup attributes, transfer of ownership, array sizes.
 */
#ifndef TB_BASE_UTIL_H
#define TB_BASE_UTIL_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs FUNC with a pointer to the variable when it leaves its scope. */
#define CLEANUP(func) __attribute__((cleanup(func)))

/* Returns a pointer and sets it to NULL, so a cleanup attribute does not free it. */
#define TAKE_PTR(ptr)                                                                                        \
    ({                                                                                                       \
        __typeof__(ptr) taken_ = (ptr);                                                                      \
        (ptr) = NULL;                                                                                        \
        taken_;                                                                                              \
    })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* The structure that MEMBER, which POINTER points to, is part of. */
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

static inline void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Overwrites and frees a string that was a secret. NULL is allowed. */
static inline void free_secret(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static inline void free_secret_pointer(char **secret)
{
    free_secret(*secret);
}

/* Replaces everything but printable ASCII by '?', for one line of a log or of a protocol. */
static inline void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            *text = '?';
}

#endif
