/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --verbose and --dry-run: shows requests and answers to people. What is or may be a secret is "***", and
 * characters that control a terminal are '?' or escaped.
 */
#ifndef TB_CTL_SHOW_H
#define TB_CTL_SHOW_H

#include <stdio.h>

#include "client/answer.h"
#include "client/call.h"
#include "ctl/arguments.h"

/* PREFIX begins each line but those of the body: "> " or "". */
void show_request(FILE *file, const char *prefix, const struct connection_options *connection,
                  const struct call *call);

/* The body only of an answer that is not a success: that of others is printed anyway. */
void show_answer(FILE *file, const struct answer *answer);

#endif
