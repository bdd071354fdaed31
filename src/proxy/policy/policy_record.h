/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies from one process to another.
 */
#ifndef TB_PROXY_POLICY_POLICY_RECORD_H
#define TB_PROXY_POLICY_POLICY_RECORD_H

#include "base/record.h"

struct policies;

/* 0; -ENOMEM, or -EMSGSIZE if OUT is full. */
int policies_put(const struct policies *policies, struct buf *out);

/* Adds to POLICIES, which has none, those that policies_put() has written. 0 or -ENOMEM. If READER fails,
 * they are not complete. */
int policies_take(struct policies *policies, struct record_reader *reader);

#endif
