/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/base/string_map.h"

#include <search.h>
#include <stddef.h>

#include "sim/base/memory.h"

struct map_entry {
    const char *key;
    void *value;
    char text[]; /* of the key */
};

static int map_compare_keys(const void *a, const void *b)
{
    const struct map_entry *x = a;
    const struct map_entry *y = b;

    return strcmp(x->key, y->key);
}

static struct map_entry *map_find(const struct map *map, const char *key)
{
    const struct map_entry wanted = {.key = key};
    struct map_entry **node = tfind(&wanted, &map->root, map_compare_keys);

    return node ? *node : NULL;
}

void *map_get(const struct map *map, const char *key)
{
    const struct map_entry *entry = map_find(map, key);

    return entry ? entry->value : NULL;
}

void map_put(struct map *map, const char *key, void *value)
{
    struct map_entry *entry = map_find(map, key);
    size_t size = strlen(key) + 1;

    if (!entry) {
        entry = xcalloc(1, sizeof(*entry) + size);
        memcpy(entry->text, key, size);
        entry->key = entry->text;
        if (!tsearch(entry, &map->root, map_compare_keys))
            abort(); /* out of memory */
    }
    entry->value = value;
}

void map_remove(struct map *map, const char *key)
{
    struct map_entry *entry = map_find(map, key);

    if (!entry)
        return;
    tdelete(entry, &map->root, map_compare_keys);
    free(entry);
}

void map_free(struct map *map, void (*free_value)(void *value))
{
    while (map->root) {
        struct map_entry *entry = *(struct map_entry **)map->root;

        if (free_value)
            free_value(entry->value);
        tdelete(entry, &map->root, map_compare_keys);
        free(entry);
    }
}
