/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations that the server refused lately (429), each with a time until which it is closed and a pace
 * of its own. refusals.h decides which limit refused them.
 *
 * Times are ms of the boot clock, given by the caller. Not thread-safe.
 */
#ifndef TB_UPSTREAM_REFUSED_OPERATIONS_H
#define TB_UPSTREAM_REFUSED_OPERATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "upstream/pace.h"

#define REFUSED_OPERATIONS_MAX 16 /* with more, the one refused longest ago is forgotten */

struct refused_operation {
    uint32_t id;
    bool has_own_limit;
    bool has_lowered;  /* a refusal of it lowered the shared pace */
    unsigned in_a_row; /* refusals; those of calls that were sent before the first was known count as one */
    int64_t refused_ms;
    int64_t closed_until_ms;
    struct pace pace;
};

/* Zeroed, it is empty. */
struct refused_operations {
    size_t count;
    struct refused_operation list[REFUSED_OPERATIONS_MAX];
};

/* The operation ID, even if it is open and has no pace now; NULL: it is not in the list. */
struct refused_operation *refused_operations_get(struct refused_operations *operations, uint32_t id);
const struct refused_operation *refused_operations_look_up(const struct refused_operations *operations,
                                                           uint32_t id);

/* The same, but NULL unless it is held back: closed, or slowed by its pace. */
const struct refused_operation *refused_operations_find(const struct refused_operations *operations,
                                                        int64_t now_ms, uint32_t id);

/* The operation ID, which is refused now, added if it is not known or not any more. NULL: the list is full of
 * closed ones. */
struct refused_operation *refused_operations_add(struct refused_operations *operations, int64_t now_ms,
                                                 uint32_t id);

/* Whether what is known of OPERATION still counts: it is closed, or was refused within PACE_KEPT_MS. */
bool refused_operation_is_known(const struct refused_operation *operation, int64_t now_ms);

/* When the operation ID lets a call of COST go; NOW_MS if at once. Other limits are not considered. */
int64_t refused_operations_ready_ms(const struct refused_operations *operations, int64_t now_ms, uint32_t id,
                                    unsigned cost);

/* How many times in a row an operation with a limit of its own was refused before a call that was sent at
 * SENT_MS: the longer, the longer it may be closed next. */
unsigned refused_operations_in_a_row(const struct refused_operations *operations, uint32_t id,
                                     int64_t sent_ms);

/* Opens all of them at once. */
void refused_operations_open(struct refused_operations *operations, int64_t now_ms);

/* Learning has ended. */
void refused_operations_forget_paces(struct refused_operations *operations);

#endif
