/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_boot.h"

#include <fcntl.h>

#include "base/util.h"

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

const char *spool_boot_id(void)
{
    static char id[64]; /* a UUID */
    CLEANUP(close_fd) int fd = -1;
    ssize_t length;

    if (*id)
        return id;
    fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, id, sizeof(id) - 1) : 0;
    id[length > 0 ? length : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
    return id;
}
