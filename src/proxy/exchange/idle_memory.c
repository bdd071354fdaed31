/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/idle_memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proxy/exchange/header_room.h"

/* libmicrohttpd has mapped the memory, and reads the request line to its beginning. A client can move the
 * line by a page with empty lines before it, so this is a guess, and is only used as one. */
void *idle_memory_find(const char *method)
{
    return (uintptr_t)method % (uintptr_t)getpagesize() == 0 ? (void *)(uintptr_t)method : NULL;
}

/* The kernel reads the memory, because a wrong guess may not be readable. */
static bool contains_only_zeroes(void *memory, size_t length)
{
    static char copy[CONNECTION_MAPPING_BYTES];
    struct iovec local = {copy, length}, remote = {memory, length};

    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length && copy[0] == 0 &&
           memcmp(copy, copy + 1, length - 1) == 0;
}

void idle_memory_give_back(void *memory)
{
    size_t page = (size_t)getpagesize(), length = CONNECTION_MAPPING_BYTES / page * page;

    if (memory && length > 0 && contains_only_zeroes(memory, length))
        madvise(memory, length, MADV_DONTNEED);
}
