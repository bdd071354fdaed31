/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line on standard error that shows how far a call has come, if that is a terminal and the answer does not
 * go to it.
 */
#ifndef TB_CTL_PROGRESS_H
#define TB_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool is_on;
    bool is_shown;
    int64_t shown_ms;
};

void progress_begin(struct progress *progress, bool answer_to_terminal);

/* Shows "VERB DONE of TOTAL UNIT", at most ten times a second. TOTAL: -1 if it is unknown. */
void progress_show(struct progress *progress, const char *verb, int64_t done, int64_t total,
                   const char *unit);

/* Removes the line. Call it before anything else is written to standard error. */
void progress_end(struct progress *progress);

#endif
