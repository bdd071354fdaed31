/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process uses, as Linux tells it.
 */
#ifndef TB_PROXY_METRICS_PROCESS_H
#define TB_PROXY_METRICS_PROCESS_H

#include <stdint.h>

/* What cannot be found out is 0. */
struct process {
    uint64_t cpu_us;
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_fds, max_fds;
};

struct process process_read(void);

#endif
