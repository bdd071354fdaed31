/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one decoded value, which is freed at once. The arena lies just before its first allocation,
 * so that tb_free() finds it from the pointer that the program has.
 */
#ifndef TB_CLIENT_ARENA_H
#define TB_CLIENT_ARENA_H

#include <jansson.h>
#include <stddef.h>

struct arena;

/* Creates an arena whose first allocation has SIZE bytes, and all allocations together at most MAX. OWNED,
 * which may be NULL, is freed with the arena, but not if this fails. Returns 0, -EMSGSIZE if SIZE is more
 * than MAX, or -ENOMEM. */
int arena_create(size_t size, size_t max, json_t *owned, struct arena **ret);

/* Returns the first allocation; tb_free() of it frees the arena. */
void *arena_value(struct arena *arena);

/* Takes a reference to JSON, which is freed with the arena, or at once if this fails. Returns 0 or -ENOMEM.
 */
int arena_own(struct arena *arena, json_t *json);

/* Allocates SIZE bytes of zeros, aligned for any member of a structure; *RET is not NULL even for 0 bytes.
 * Returns 0, -EMSGSIZE if the maximum would be exceeded, or -ENOMEM. */
int arena_alloc(struct arena *arena, size_t size, void **ret);

#endif
