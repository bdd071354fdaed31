/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that fail; see fail.c.
 */
#ifndef TB_TORTURE_FAIL_H
#define TB_TORTURE_FAIL_H

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>

/* They are called before a sanitizer is ready. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("address", "undefined"))), apply_to = function)
#endif

#define EXPORT __attribute__((visibility("default")))

/* Whether this call of the function NAME is to fail. */
bool fails(const char *name);

/* While ON, the calls of this thread do not fail. */
void spare(bool on);

/* If torture.py wants it. */
void look_for_leaks(void);

/* Defines the function NAME, which fails with RESULT and errno ERROR, or calls the one that it replaces. */
#define REPLACE(type, name, parameters, arguments, result, error)                                            \
    EXPORT type name parameters;                                                                             \
    type name parameters                                                                                     \
    {                                                                                                        \
        static type(*real) parameters;                                                                       \
        if (fails(#name)) {                                                                                  \
            errno = (error) ? (error) : errno;                                                               \
            return result;                                                                                   \
        }                                                                                                    \
        if (!real)                                                                                           \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                                       \
        return real arguments;                                                                               \
    }

#endif
