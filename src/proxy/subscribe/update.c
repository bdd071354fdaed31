/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/subscribe/update.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <tbclient/value.h>

#include "json/json_read.h"
#include "json/json_write.h"

static int by_time(const void *left, const void *right)
{
    const struct point *a = left, *b = right;

    if (a->ts_ms != b->ts_ms)
        return a->ts_ms < b->ts_ms ? -1 : 1;
    return 0;
}

static size_t count_points(const json_t *data)
{
    size_t count = 0;
    const char *key;
    json_t *list;

    json_object_foreach((json_t *)(uintptr_t)data, key, list) count += json_array_size(list);
    return count;
}

/* glibc sorts by merging, so equal times keep their order. Only the order of keys in an event depends on it.
 */
int update_points(const json_t *data, struct point **ret, size_t *ret_count)
{
    size_t most = count_points(data), count = 0, i;
    struct point *points = calloc(most + 1, sizeof(*points));
    const char *key;
    json_t *list, *pair;

    if (!points)
        return -ENOMEM;
    json_object_foreach((json_t *)(uintptr_t)data, key, list) json_array_foreach(list, i, pair)
    {
        const json_t *time = json_array_get(pair, 0), *value = json_array_get(pair, 1);

        if (json_is_integer(time) && value && count < most)
            points[count++] = (struct point){json_integer_value(time), key, value};
    }
    qsort(points, count, sizeof(*points), by_time);
    *ret = points;
    *ret_count = count;
    return 0;
}

/* "": MESSAGE says no reason. A number that jansson cannot hold is a string, too. */
static const char *error_of(const json_t *message)
{
    const char *error = json_string_value(json_object_get(message, "errorMsg"));
    const char *verbatim = tb_verbatim(error);

    return error && (!verbatim || *verbatim == '"') ? error : "";
}

int update_parse(const char *text, size_t length, struct update *ret)
{
    json_t *id, *code;
    json_error_t reason;

    *ret = (struct update){.message = json_read(text, length, JSON_READ_EXACT, &reason)};
    if (!ret->message && json_error_code(&reason) == json_error_out_of_memory)
        return -ENOMEM;
    id = json_object_get(ret->message, "subscriptionId");
    code = json_object_get(ret->message, "errorCode");
    if (!json_is_integer(id) || !json_is_integer(code))
        return -EBADMSG;
    ret->id = json_integer_value(id);
    ret->error_code = json_integer_value(code) != 0 ? (int)json_integer_value(code) : 0;
    ret->error = error_of(ret->message);
    ret->data = json_object_get(ret->message, "data");
    return update_points(ret->data, &ret->points, &ret->count);
}

void update_free(struct update *update)
{
    free(update->points);
    json_decref(update->message);
    *update = (struct update){0};
}

int64_t update_id_of(const char *text, size_t length)
{
    static const char name[] = "\"subscriptionId\":";
    const char *at = memmem(text, length < 64 ? length : 64, name, sizeof(name) - 1);
    int64_t id = 0;

    if (!at)
        return -1;
    for (at += sizeof(name) - 1; at < text + length && isdigit((unsigned char)*at) && id < INT32_MAX; at++)
        id = id * 10 + (*at - '0');
    return id > 0 ? id : -1;
}

size_t update_group(const struct point *points, size_t count)
{
    size_t length = 1;

    while (length < count && points[length].ts_ms == points[0].ts_ms)
        length++;
    return length;
}

/* Frees VALUE; NULL: there was no memory for it. */
static int write_data(struct buf *out, json_t *value)
{
    int r = value ? buf_append_string(out, "data: ") : -ENOMEM;

    if (r == 0)
        r = json_write(out, value);
    if (r == 0)
        r = buf_append_string(out, "\n\n");
    json_decref(value);
    return r;
}

int event_write(struct buf *out, int64_t id, const struct point *points, size_t count)
{
    size_t before = out->len, i;
    json_t *values = json_object();
    int r = values ? 0 : -ENOMEM;

    for (i = 0; r == 0 && i < count; i++)
        r = json_object_set(values, points[i].key, (json_t *)(uintptr_t)points[i].value) < 0 ? -ENOMEM : 0;
    if (r == 0)
        r = buf_append_format(out, "id: %" PRId64 "\n", id);
    if (r == 0)
        r = write_data(out, json_pack("{s:I,s:O}", "ts", (json_int_t)points[0].ts_ms, "values", values));
    json_decref(values);
    if (r < 0)
        buf_truncate(out, before);
    return r;
}

int event_write_end(struct buf *out, const char *message)
{
    size_t before = out->len;
    json_t *text = json_string(message);
    int r = buf_append_string(out, "event: end\n");

    if (r == 0)
        r = write_data(out,
                       json_pack("{s:o}", "message", text ? text : json_string("(text that is not UTF-8)")));
    else
        json_decref(text);
    if (r < 0)
        buf_truncate(out, before);
    return r;
}

int event_parse_id(const char *text, int64_t *ret)
{
    char *end;
    long long id;

    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    errno = 0;
    id = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return -EINVAL;
    *ret = id;
    return 0;
}
