/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "sim/base/memory.h"
#include "sim/json/java_json.h"
#include "sim/store/entity_store.h"

static bool same_end(const json_t *a, const json_t *b, const char *end)
{
    const json_t *x = json_object_get(a, end);
    const json_t *y = json_object_get(b, end);

    return streq(json_str(x, "id"), json_str(y, "id")) &&
           streq(json_str(x, "entityType"), json_str(y, "entityType"));
}

size_t store_find_relation(const struct store *store, const json_t *key)
{
    for (size_t i = 0; i < store->n_relations; i++) {
        const json_t *doc = store->relations[i].doc;

        if (same_end(doc, key, "from") && same_end(doc, key, "to") &&
            streq(json_str(doc, "type"), json_str(key, "type")) &&
            streq(json_str(doc, "typeGroup"), json_str(key, "typeGroup")))
            return i;
    }
    return SIZE_MAX;
}

int store_add_relation(struct store *store, json_t *doc)
{
    size_t at = store_find_relation(store, doc);

    if (at != SIZE_MAX) {
        json_decref(store->relations[at].doc);
        store->relations[at].doc = doc;
        return 0;
    }
    if (store->n_entities >= ENTITIES_MAX) {
        json_decref(doc);
        return -ENOSPC;
    }
    store->relations = xrealloc(store->relations, store->n_relations + 1, sizeof(*store->relations));
    store->relations[store->n_relations++].doc = doc;
    store->n_entities++;
    return 0;
}

void store_remove_relation(struct store *store, size_t index)
{
    struct relation *r = &store->relations[index];

    json_decref(r->doc);
    store->n_relations--;
    store->n_entities--;
    memmove(r, r + 1, (store->n_relations - index) * sizeof(*r));
}

void store_remove_relations_of(struct store *store, const char *id)
{
    for (size_t i = store->n_relations; i-- > 0;) {
        const json_t *doc = store->relations[i].doc;

        if (streq(json_str(json_object_get(doc, "from"), "id"), id) ||
            streq(json_str(json_object_get(doc, "to"), "id"), id))
            store_remove_relation(store, i);
    }
}
