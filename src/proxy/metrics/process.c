/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/metrics/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t cpu_us(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return 0;
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void read_memory(struct process *process)
{
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), size, resident;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file)
        return;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &size, &resident) == 2) {
        process->virtual_bytes = size * page_bytes;
        process->resident_bytes = resident * page_bytes;
    }
    fclose(file);
}

/* Without the one that reads the folder. */
static uint64_t open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;
    const struct dirent *entry;

    if (!folder)
        return 0;
    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count > 0 ? count - 1 : 0;
}

static uint64_t max_fds(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

struct process process_read(void)
{
    struct process process = {
        .cpu_us = cpu_us(),
        .open_fds = open_fds(),
        .max_fds = max_fds(),
    };

    read_memory(&process);
    return process;
}
