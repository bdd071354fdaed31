/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS 100

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, bool answer_to_terminal)
{
    *progress = (struct progress){.is_on = !answer_to_terminal && isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, const char *verb, int64_t done, int64_t total, const char *unit)
{
    int64_t now = progress->is_on ? now_ms() : 0;

    if (!progress->is_on || (progress->is_shown && now - progress->shown_ms < INTERVAL_MS))
        return;
    progress->is_shown = true;
    progress->shown_ms = now;
    if (total > 0)
        fprintf(stderr, "\r%s %" PRId64 " of %" PRId64 " %s (%d %%)\033[K", verb, done, total, unit,
                (int)((double)done / (double)total * 100));
    else
        fprintf(stderr, "\r%s %" PRId64 " %s\033[K", verb, done, unit);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}
