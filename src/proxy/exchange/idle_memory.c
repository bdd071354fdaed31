/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/idle_memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proxy/exchange/header_room.h"

/* The kernel reads the memory, because a part of it may not exist. */
static bool contains_only_zeroes(void *memory, size_t length)
{
    static char copy[CONNECTION_MEMORY_BYTES];
    struct iovec local = {copy, length}, remote = {memory, length};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length && copy[0] == 0 &&
           memcmp(copy, copy + 1, length - 1) == 0;
}

/* The memory begins with the request line. Only with empty lines before it do the pages go beyond the memory;
 * then they contain malloc()'s size of what follows, which is not zero. */
void idle_memory_give_back(const char *memory)
{
    uintptr_t page = (uintptr_t)getpagesize();
    uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)memory + CONNECTION_MEMORY_BYTES) / page * page;

    if (memory && begin < end && contains_only_zeroes((void *)begin, end - begin))
        madvise((void *)begin, end - begin, MADV_DONTNEED);
}
