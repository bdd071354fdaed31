/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into a program under test, it makes calls of the C library, libcurl, nghttp2 and libmicrohttpd fail,
 * one at a time. A call is known by its call stack. torture.py says when a call may fail, in a file that both
 * map; struct control is there, too.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail.h"

#define STACKS_MAX 65536 /* a power of two */
#define DEPTH_MAX  24
#define OWN_FRAMES 2 /* fails() and the function that calls it */

struct stack {
    uint64_t hash; /* 0: free */
    char name[24];
    uint64_t frames[DEPTH_MAX]; /* return addresses, the innermost first; 0 after the last */
};

struct control {
    uint32_t armed; /* the next call with a new stack fails, and this becomes 0 */
    uint32_t depth; /* so many frames make a difference */
    uint32_t parts; /* only stacks whose hash is PART modulo PARTS */
    uint32_t part;
    uint32_t last;      /* the stack that failed */
    uint32_t count;     /* of stacks that have failed */
    uint32_t looks;     /* 1: the program is to look for leaks; then 0, or 2 if there are any */
    uint32_t left_open; /* descriptors that were open at the end */
    uint32_t more;      /* so many calls after it fail, too, if the same thread makes them */
    uint32_t deciding;  /* so many threads look whether it is their call that fails */
    struct stack stacks[STACKS_MAX];
};

/* Of the sanitizer; NULL without it. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static struct control *control;
static _Thread_local bool busy;     /* what is called from here does not fail */
static _Thread_local uint32_t more; /* calls that fail without being asked for */

static void map_control(void)
{
    const char *path = getenv("TORTURE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED)
        abort();
    close(fd);
}

__attribute__((constructor)) static void begin(void)
{
    void *frames[1];

    busy = true;
    if (__lsan_disable)
        __lsan_disable();
    backtrace(frames, 1); /* the first time it loads a library, which stays */
    if (__lsan_enable)
        __lsan_enable();
    map_control();
    busy = false;
}

__attribute__((destructor)) static void end(void)
{
    int fd;

    if (!control)
        return;
    control->armed = 0;
    control->left_open = 0;
    for (fd = STDERR_FILENO + 1; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            control->left_open++;
}

static uint64_t hash_of(const char *name, void *const *frames, int count)
{
    uint64_t hash = 0xcbf29ce484222325;
    int i;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    for (i = 0; i < count; i++)
        hash = (hash ^ (uintptr_t)frames[i] ^ hash >> 32) * 0x100000001b3;
    hash ^= hash >> 29;
    return hash ? hash : 1;
}

/* Its place, or the free place for it; STACKS_MAX if there is none. */
static uint32_t place_of(uint64_t hash)
{
    uint32_t i, tries;

    for (tries = 0, i = hash % STACKS_MAX; tries < STACKS_MAX; tries++, i = (i + 1) % STACKS_MAX)
        if (control->stacks[i].hash == 0 || control->stacks[i].hash == hash)
            return i;
    return STACKS_MAX;
}

static void note(uint32_t place, uint64_t hash, const char *name, void *const *frames, int count)
{
    struct stack *stack = &control->stacks[place];
    int i;

    snprintf(stack->name, sizeof(stack->name), "%s", name);
    for (i = 0; i < count; i++)
        stack->frames[i] = (uintptr_t)frames[i];
    stack->hash = hash;
    control->last = place;
    control->count++;
}

/* If a thread decides while torture.py disarms, LAST is not what it says until it has decided. */
static bool take_turn(uint32_t place, uint64_t hash, const char *name, void *const *frames, int count)
{
    bool result;

    __atomic_add_fetch(&control->deciding, 1, __ATOMIC_SEQ_CST);
    result = __atomic_exchange_n(&control->armed, 0, __ATOMIC_SEQ_CST) != 0;
    if (result) /* else another thread was faster */
        note(place, hash, name, frames, count);
    __atomic_sub_fetch(&control->deciding, 1, __ATOMIC_SEQ_CST);
    return result;
}

static __attribute__((noinline)) bool is_new(const char *name)
{
    void *frames[OWN_FRAMES + 1 + DEPTH_MAX];
    int depth = (int)control->depth, count = backtrace(frames, OWN_FRAMES + 1 + depth) - OWN_FRAMES - 1;
    uint64_t hash = hash_of(name, frames + OWN_FRAMES + 1, count > 0 ? count : 0) ^ control->more << 16;
    uint32_t place = place_of(hash);

    if (count <= 0 || hash % control->parts != control->part || place == STACKS_MAX ||
        control->stacks[place].hash)
        return false;
    return take_turn(place, hash, name, frames + OWN_FRAMES + 1, count);
}

bool fails(const char *name)
{
    int error = errno;
    bool result;

    if (!control || busy)
        return false;
    if (more > 0) {
        more--;
        return true;
    }
    if (!control->armed)
        return false;
    busy = true;
    result = is_new(name);
    more = result ? control->more : 0;
    busy = false;
    errno = error;
    return result;
}

void spare(bool on)
{
    busy = on;
}

void look_for_leaks(void)
{
    if (!control || control->looks != 1)
        return;
    busy = true;
    control->looks = __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() ? 2 : 0;
    busy = false;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
