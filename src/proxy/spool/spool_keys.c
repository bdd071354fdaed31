/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_keys.h"

#include <errno.h>
#include <limits.h>

#include "http/query.h"
#include "json/json_check.h"

#define MEMBER_LEAST_BYTES 4 /* "":0 */

void spool_keys_free(struct spool_keys *keys)
{
    free(keys->text);
    free(keys->keys);
    *keys = (struct spool_keys){NULL, NULL, 0};
}

static int compare(const void *first, const void *second)
{
    const struct json_part *a = first, *b = second;

    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return memcmp(a->text, b->text, a->length);
}

/* Makes room for TEXT_LENGTH bytes of COUNT keys. */
static int open_keys(struct spool_keys *keys, size_t text_length, size_t count)
{
    keys->text = malloc(text_length + 1);
    keys->keys = reallocarray(NULL, count + 1, sizeof(*keys->keys));
    keys->count = 0;
    if (keys->text && keys->keys)
        return 0;
    spool_keys_free(keys);
    return -ENOMEM;
}

static bool is_object(const char *body, size_t length)
{
    return json_check(body, length, 0) && *json_text_value(body, length).text == '{';
}

int spool_keys_of_body(const char *body, size_t length, struct spool_keys *ret)
{
    const char *at = body, *end = body + length;
    struct json_part name, value;
    struct spool_keys keys;
    char *to;
    int r;

    if (!is_object(body, length))
        return -EBADMSG;
    r = open_keys(&keys, length, length / MEMBER_LEAST_BYTES);
    if (r < 0)
        return r;
    to = keys.text;
    while (json_text_next_member(&at, end, &name, &value)) {
        struct json_part *key = &keys.keys[keys.count++];

        *key = (struct json_part){to, json_text_decode(name, to)};
        to += key->length;
    }
    qsort(keys.keys, keys.count, sizeof(*keys.keys), compare);
    *ret = keys;
    return 0;
}

static size_t count_commas(const char *text)
{
    size_t count = 0;

    for (; (text = strchr(text, ',')); text++)
        count++;
    return count;
}

/* As the server does, it drops what is empty. */
static int split(const char *names, struct spool_keys *ret)
{
    int r = open_keys(ret, strlen(names), count_commas(names) + 1);
    const char *at;

    if (r < 0)
        return r;
    memcpy(ret->text, names, strlen(names) + 1);
    for (at = ret->text; *at; at += *at == ',') {
        size_t length = strcspn(at, ",");

        if (length > 0)
            ret->keys[ret->count++] = (struct json_part){at, length};
        at += length;
    }
    qsort(ret->keys, ret->count, sizeof(*ret->keys), compare);
    return 0;
}

/* Of two parameters, the server takes both. */
static int take_parameter(void *arg, const char *name, char *value, const char **reason)
{
    struct buf *names = arg;
    int r;

    (void)reason;
    if (strcmp(name, "keys") != 0)
        return 0;
    r = buf_append_string(names, ",");
    return r == 0 ? buf_append_string(names, value) : r;
}

int spool_keys_of_query(const char *query, struct spool_keys *ret)
{
    CLEANUP(buf_free) struct buf names = BUF_INIT(strlen(query));
    struct query_reader reader = {take_parameter, &names};
    const char *reason;
    int r = query_read(query, &reader, &reason);

    return r == 0 ? split(names.data ? names.data : "", ret) : r;
}

static bool contains(const struct spool_keys *keys, const struct json_part *key)
{
    return keys->count > 0 && bsearch(key, keys->keys, keys->count, sizeof(*keys->keys), compare);
}

static int append_member(struct buf *out, struct json_part name, struct json_part value)
{
    int r = buf_append(out, out->len > 0 ? "," : "{", 1);

    return r == 0 ? buf_append(out, name.text, (size_t)(value.text + value.length - name.text)) : r;
}

/* SCRATCH has room for any name. */
static int append_others(const struct spool_keys *keys, const char *body, size_t length, char *scratch,
                         struct buf *out)
{
    const char *at = body, *end = body + length;
    struct json_part name, value;
    int count = 0, r = 0;

    while (r == 0 && json_text_next_member(&at, end, &name, &value)) {
        struct json_part key = {scratch, json_text_decode(name, scratch)};

        if (contains(keys, &key))
            continue;
        r = append_member(out, name, value);
        count += count < INT_MAX;
    }
    if (r == 0 && count > 0)
        r = buf_append(out, "}", 1);
    return r == 0 ? count : r;
}

int spool_keys_remove(const struct spool_keys *keys, const char *body, size_t length, struct buf *out)
{
    CLEANUP(free_pointer) char *scratch = malloc(length + 1);
    int r;

    if (!scratch)
        return -ENOMEM;
    if (!is_object(body, length))
        return -EBADMSG;
    r = append_others(keys, body, length, scratch, out);
    if (r < 0)
        buf_clear(out);
    return r;
}
