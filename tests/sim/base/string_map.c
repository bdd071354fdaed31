/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from strings to pointers: chained, doubling, seeded at start against chosen keys. */
#include "sim/base/string_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sim/base/memory.h"

struct map_entry {
    struct map_entry *next;
    void *value;
    uint64_t hash;
    char key[];
};

static uint64_t seed;

__attribute__((constructor)) static void seed_hash(void)
{
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = 0x9e3779b97f4a7c15ULL;
}

static uint64_t hash_of(const char *key)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ seed;

    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3ULL;
    return h ^ (h >> 29);
}

static struct map_entry **find(const struct map *m, const char *key, uint64_t hash)
{
    struct map_entry **p = &m->slots[hash & (m->n_slots - 1)];

    while (*p && !((*p)->hash == hash && strcmp((*p)->key, key) == 0))
        p = &(*p)->next;
    return p;
}

void *map_get(const struct map *m, const char *key)
{
    if (m->n_slots == 0)
        return NULL;
    struct map_entry *e = *find(m, key, hash_of(key));
    return e ? e->value : NULL;
}

static void grow(struct map *m)
{
    size_t n = m->n_slots ? m->n_slots * 2 : 8;
    struct map_entry **slots = xcalloc(n, sizeof *slots);

    for (size_t i = 0; i < m->n_slots; i++) {
        struct map_entry *next;

        for (struct map_entry *e = m->slots[i]; e; e = next) {
            next = e->next;
            e->next = slots[e->hash & (n - 1)];
            slots[e->hash & (n - 1)] = e;
        }
    }
    free(m->slots);
    m->slots = slots;
    m->n_slots = n;
}

void *map_put(struct map *m, const char *key, void *value)
{
    uint64_t hash = hash_of(key);

    if (m->count >= m->n_slots)
        grow(m);
    struct map_entry **p = find(m, key, hash);
    if (*p) {
        void *old = (*p)->value;

        (*p)->value = value;
        return old;
    }
    size_t n = strlen(key) + 1;
    struct map_entry *e = xcalloc(1, sizeof *e + n);
    e->value = value;
    e->hash = hash;
    memcpy(e->key, key, n);
    *p = e;
    m->count++;
    return NULL;
}

void *map_remove(struct map *m, const char *key)
{
    if (m->n_slots == 0)
        return NULL;
    struct map_entry **p = find(m, key, hash_of(key));
    struct map_entry *e = *p;
    if (!e)
        return NULL;
    void *value = e->value;
    *p = e->next;
    free(e);
    m->count--;
    return value;
}

void map_free(struct map *m, void (*free_value)(void *))
{
    for (size_t i = 0; i < m->n_slots; i++) {
        struct map_entry *next;

        for (struct map_entry *e = m->slots[i]; e; e = next) {
            next = e->next;
            if (free_value)
                free_value(e->value);
            free(e);
        }
    }
    free(m->slots);
    *m = (struct map){};
}
