/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one decoded value: all of it goes at once. The arena stands in front of its first allocation,
 * so that tb_free() finds it from what the caller got.
 */
#ifndef TB_CLIENT_ARENA_H
#define TB_CLIENT_ARENA_H

#include <jansson.h>
#include <stddef.h>

struct arena;

/* An arena whose first allocation has SIZE bytes, and all allocations together no more than MAX. OWNED, which
 * may be NULL, is freed with the arena; it is not touched on error. 0, -EMSGSIZE where SIZE is beyond MAX,
 * -ENOMEM. */
int arena_create(size_t size, size_t max, json_t *owned, struct arena **ret);

/* The first allocation; tb_free() of it frees the arena. */
void *arena_value(struct arena *arena);

/* JSON, whose reference is taken, is freed with the arena, too; on error at once. 0, -ENOMEM. */
int arena_own(struct arena *arena, json_t *json);

/* SIZE bytes of zeros, aligned for any member of a structure; never NULL, also for 0 bytes. 0, -EMSGSIZE
 * where the maximum would be passed, -ENOMEM. */
int arena_alloc(struct arena *arena, size_t size, void **ret);

#endif
