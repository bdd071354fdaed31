/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from strings to pointers. Keys are copied; values belong to the caller. */
#pragma once

#include <stddef.h>

struct map_entry;

struct map {
    struct map_entry **slots;
    size_t n_slots;
    size_t count;
};

void *map_get(const struct map *m, const char *key);
/* Replaces and returns the value that was there, NULL if none. */
void *map_put(struct map *m, const char *key, void *value);
void *map_remove(struct map *m, const char *key);
/* Frees the map; each value goes through free_value if given. */
void map_free(struct map *m, void (*free_value)(void *));
