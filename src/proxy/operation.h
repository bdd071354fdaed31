/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is special about some operations of ThingsBoard's REST API: how they are treated after a 429.
 */
#ifndef TB_PROXY_OPERATION_H
#define TB_PROXY_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

/* A 429 does not always mean "not executed": the server checks its limit a second time when an asynchronous
 * operation has completed, and refuses it then. */
enum repeat {
    REPEAT_FREE,    /* executed twice it does no harm, or the server refuses before it executes */
    REPEAT_STAMPED, /* telemetry: harmless once every value has a timestamp */
    REPEAT_NEVER,   /* executed twice it acts twice */
};

enum repeat operation_repeat(const char *method, const char *path, size_t path_length);

/* Whether PATH, of LENGTH bytes and canonical, fits PATTERN, in which "*" stands for one segment and "**" at
 * the end for any rest. A slash at the end of PATH does not count. */
bool path_matches(const char *pattern, const char *path, size_t length);

#endif
