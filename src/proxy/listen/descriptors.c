/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/descriptors.h"

#include <sys/resource.h>

#include "base/quota.h"

uint64_t descriptors_raise_limit(void)
{
    struct rlimit limit, raised;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return UINT64_MAX;
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

unsigned descriptors_fit(uint64_t limit, unsigned wanted, unsigned upstream, size_t servers)
{
    uint64_t own = DESCRIPTORS_OWN + DESCRIPTORS_OWN_SERVER * servers;
    uint64_t left = limit > own ? limit - own : 0;
    uint64_t local = left / (1 + DESCRIPTORS_CONNECTION * (1 + (uint64_t)servers));

    if (local >= upstream)
        local = (left - DESCRIPTORS_CONNECTION * (uint64_t)upstream * servers) / (1 + DESCRIPTORS_CONNECTION);
    local = quota_part(local < SIZE_MAX ? (size_t)local : SIZE_MAX);
    return local >= wanted ? wanted : local > 0 ? (unsigned)local : 1;
}
