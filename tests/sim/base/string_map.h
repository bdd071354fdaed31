/* SPDX-License-Identifier: Apache-2.0 */
/* A map from strings to pointers. Keys are copied; values belong to the caller. Zeroed memory is empty. */
#ifndef TB_SIM_STRING_MAP_H
#define TB_SIM_STRING_MAP_H

struct map {
    void *root; /* of tsearch(3) */
};

/* NULL if the key is not in the map. */
void *map_get(const struct map *map, const char *key);
/* Adds the key, or replaces its value. */
void map_put(struct map *map, const char *key, void *value);
/* Harmless if the key is not in the map. */
void map_remove(struct map *map, const char *key);
/* Frees the map, and each value with FREE_VALUE, which may be NULL. */
void map_free(struct map *map, void (*free_value)(void *value));

#endif
