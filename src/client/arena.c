/* SPDX-License-Identifier: Apache-2.0 */
#include "client/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <tbclient/value.h>

/* Blocks grow from the first to the second size: few are needed, and little is left unused. */
#define BLOCK_MIN 2048
#define BLOCK_MAX 262144

union any_member {
    int64_t integer;
    double real;
    void *pointer;
    size_t size;
};

#define ALIGNMENT _Alignof(union any_member)

struct block {
    struct block *next;
    union any_member data[];
};

struct arena {
    json_t *owned;
    json_t *more;         /* a JSON array of what else is owned; NULL: nothing */
    struct block *blocks; /* without the first, which follows the arena itself */
    char *unused;         /* in the newest block */
    size_t unused_size;
    size_t budget;    /* what is left of the maximum */
    size_t next_size; /* of the next block */
    union any_member data[];
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* SIZE rounded up to the alignment, or SIZE_MAX if it is too large. */
static size_t round_up(size_t size)
{
    return size > SIZE_MAX - ALIGNMENT ? SIZE_MAX : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The size of a new block that has to hold SIZE bytes. */
static size_t block_size(size_t size, size_t wanted, size_t budget)
{
    return size >= wanted ? size : smaller(wanted, budget);
}

int arena_create(size_t size, size_t max, json_t *owned, struct arena **ret)
{
    struct arena *arena;
    size_t room;

    size = round_up(size);
    max -= max % ALIGNMENT;
    if (size > max || size > SIZE_MAX - sizeof(*arena))
        return -EMSGSIZE;
    room = block_size(size, BLOCK_MIN, max);
    arena = malloc(sizeof(*arena) + room);
    if (!arena)
        return -ENOMEM;
    *arena = (struct arena){.owned = owned,
                            .unused = (char *)arena->data + size,
                            .unused_size = room - size,
                            .budget = max - room,
                            .next_size = 2 * BLOCK_MIN};
    memset(arena->data, 0, size);
    *ret = arena;
    return 0;
}

void *arena_value(struct arena *arena)
{
    return arena->data;
}

int arena_own(struct arena *arena, json_t *json)
{
    if (!arena->more)
        arena->more = json_array();
    return json_array_append_new(arena->more, json) < 0 ? -ENOMEM : 0;
}

static int add_block(struct arena *arena, size_t size)
{
    size_t room = block_size(size, arena->next_size, arena->budget);
    struct block *block;

    if (room > arena->budget || room < size || room > SIZE_MAX - sizeof(*block))
        return -EMSGSIZE;
    block = malloc(sizeof(*block) + room);
    if (!block)
        return -ENOMEM;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->unused = (char *)block->data;
    arena->unused_size = room;
    arena->budget -= room;
    arena->next_size = smaller(2 * arena->next_size, BLOCK_MAX);
    return 0;
}

int arena_alloc(struct arena *arena, size_t size, void **ret)
{
    int r;

    size = round_up(size);
    if (size > arena->unused_size) {
        r = add_block(arena, size);
        if (r < 0)
            return r;
    }
    *ret = memset(arena->unused, 0, size);
    arena->unused += size;
    arena->unused_size -= size;
    return 0;
}

void tb_free(void *result)
{
    struct arena *arena =
        result ? (struct arena *)(void *)((char *)result - offsetof(struct arena, data)) : NULL;

    if (!arena)
        return;
    while (arena->blocks) {
        struct block *block = arena->blocks;

        arena->blocks = block->next;
        free(block);
    }
    json_decref(arena->owned);
    json_decref(arena->more);
    free(arena);
}
