/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/store/spool_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/loop.h"
#include "proxy/store/spool_file.h"

#define TRY_US 20000 /* between two tries */

int spool_lock_take(const char *directory, int *ret)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    int64_t end_ms = clock_boot_ms() + SPOOL_LOCK_MS;

    if (fd < 0)
        return -errno;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0 && r == 0) {
        if (errno != EWOULDBLOCK)
            r = -errno;
        else if (clock_boot_ms() >= end_ms)
            r = -EBUSY;
        else
            usleep(TRY_US);
    }
    if (r < 0)
        close(fd);
    else
        *ret = fd;
    return r;
}
