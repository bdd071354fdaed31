/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/forward/merge_attributes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "json/json_text.h"

/* Sorted by the hashes of their names, members of the same name stand together. Names of the same hash, which
 * a program may choose, are sorted by their texts. So no names take much longer than others. */

#define MEMBER_LEAST_BYTES 5 /* "":0 and a sign before it */

struct key {
    uint64_t hash;
    size_t index; /* of the member */
    const struct json_part *name;
};

struct members {
    struct json_part *texts; /* in their order; of length 0: hidden by a later one */
    struct json_part *names; /* without quotes and escapes */
    struct key *keys;
    size_t count;
    char *decoded; /* names that had escapes */
    size_t decoded_length;
};

static void members_free(struct members *members)
{
    free(members->texts);
    free(members->names);
    free(members->keys);
    free(members->decoded);
}

static int members_open(struct members *members, const struct buf *const *bodies, size_t count)
{
    size_t i, bytes = 0, most;

    for (i = 0; i < count; i++)
        bytes += bodies[i]->len;
    most = bytes / MEMBER_LEAST_BYTES;
    members->texts = reallocarray(NULL, most, sizeof(*members->texts));
    members->names = reallocarray(NULL, most, sizeof(*members->names));
    members->keys = reallocarray(NULL, most, sizeof(*members->keys));
    members->decoded = malloc(bytes);
    return members->texts && members->names && members->keys && members->decoded ? 0 : -ENOMEM;
}

static struct json_part decode(struct members *members, struct json_part name)
{
    char *decoded = members->decoded + members->decoded_length;
    size_t length = name.length - 2;

    if (!memchr(name.text, '\\', name.length))
        return (struct json_part){name.text + 1, length};
    length = json_text_decode(name, decoded);
    members->decoded_length += length;
    return (struct json_part){decoded, length};
}

static void add_member(struct members *members, struct json_part name, struct json_part value)
{
    size_t index = members->count++;
    struct json_part *decoded = &members->names[index];

    *decoded = decode(members, name);
    members->texts[index] = (struct json_part){name.text, (size_t)(value.text + value.length - name.text)};
    members->keys[index] = (struct key){hash_bytes(decoded->text, decoded->length), index, decoded};
}

static void add_members(struct members *members, const struct buf *body)
{
    const char *at = body->data, *end = body->data + body->len;
    struct json_part name, value;

    while (json_text_next_member(&at, end, &name, &value))
        add_member(members, name, value);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const struct key *a, const struct key *b)
{
    int r = compare_numbers(a->name->length, b->name->length);

    return r != 0 ? r : memcmp(a->name->text, b->name->text, a->name->length);
}

static int by_hash(const void *first, const void *second)
{
    const struct key *a = first, *b = second;
    int r = compare_numbers(a->hash, b->hash);

    return r != 0 ? r : compare_numbers(a->index, b->index);
}

static int by_text(const void *first, const void *second)
{
    const struct key *a = first, *b = second;
    int r = compare_texts(a, b);

    return r != 0 ? r : compare_numbers(a->index, b->index);
}

/* KEYS have the same hash. */
static void hide_earlier(struct members *members, struct key *keys, size_t count)
{
    bool differ = false;
    size_t i;

    for (i = 1; i < count && !differ; i++)
        differ = compare_texts(&keys[i - 1], &keys[i]) != 0;
    if (differ)
        qsort(keys, count, sizeof(*keys), by_text);
    for (i = 1; i < count; i++)
        if (!differ || compare_texts(&keys[i - 1], &keys[i]) == 0)
            members->texts[keys[i - 1].index].length = 0;
}

static void hide_all_but_the_last(struct members *members)
{
    struct key *keys = members->keys;
    size_t i, next;

    qsort(keys, members->count, sizeof(*keys), by_hash);
    for (i = 0; i < members->count; i = next) {
        for (next = i + 1; next < members->count && keys[next].hash == keys[i].hash; next++)
            ;
        hide_earlier(members, keys + i, next - i);
    }
}

static int put_all(const struct members *members, struct buf *out)
{
    size_t i;
    int r = 0;

    for (i = 0; i < members->count && r == 0; i++) {
        if (members->texts[i].length == 0)
            continue;
        r = buf_append(out, out->len > 0 ? "," : "{", 1);
        if (r == 0)
            r = buf_append(out, members->texts[i].text, members->texts[i].length);
    }
    return r == 0 ? buf_append(out, "}", 1) : r;
}

int merge_attributes(const struct buf *const *bodies, size_t count, struct buf *out)
{
    CLEANUP(members_free) struct members members = {0};
    size_t i;
    int r = members_open(&members, bodies, count);

    if (r < 0)
        return r;
    for (i = 0; i < count; i++)
        add_members(&members, bodies[i]);
    hide_all_but_the_last(&members);
    return put_all(&members, out);
}
