/* SPDX-License-Identifier: Apache-2.0 */
/* The server's messages about subscriptions: what is written to subscribers is read by the client library as
 * one event for each time, with the time and the id that it had. */
#include <tbclient/client.h>

#include "fuzz.h"
#include "proxy/subscribe/update.h"
#include "json/json_read.h"

#define OUT_MAX (1 << 24)

struct reader {
    const struct point *points; /* of the event that comes next */
    size_t left;
    int64_t last_id;
    bool ended;
};

static int take_end(struct reader *reader, const char *data)
{
    json_t *object = json_loads(data, 0, NULL);

    must(reader->left == 0 && json_is_string(json_object_get(object, "message")));
    json_decref(object);
    reader->ended = true;
    return 0;
}

static int take(void *context, const char *name, const char *data, const char *id)
{
    struct reader *reader = context;
    json_t *object;
    int64_t id_ms;
    size_t count;

    if (strcmp(name, "end") == 0)
        return take_end(reader, data);
    must(strcmp(name, "message") == 0 && reader->left > 0 && !reader->ended);
    count = update_group(reader->points, reader->left);
    object = json_read(data, strlen(data), 0, NULL);
    must(json_integer_value(json_object_get(object, "ts")) == reader->points->ts_ms);
    must(json_object_size(json_object_get(object, "values")) >= 1 &&
         json_object_size(json_object_get(object, "values")) <= count);
    json_decref(object);
    if (reader->points->ts_ms >= 0)
        must(event_parse_id(id, &id_ms) == 0 && id_ms == reader->points->ts_ms);
    reader->points += count;
    reader->left -= count;
    return 0;
}

static void write_events(const struct update *update, struct buf *out)
{
    size_t at, count;

    for (at = 0; at < update->count; at += count) {
        const struct point *points = update->points + at;

        count = update_group(points, update->count - at);
        must(at == 0 || points[-1].ts_ms < points->ts_ms);
        must(event_write(out, points->ts_ms, points, count) == 0);
    }
    must(event_write_end(out, update->error) == 0);
}

static void check(const struct update *update)
{
    struct reader reader = {.points = update->points, .left = update->count};
    tb_events events = {.event = take, .context = &reader};
    tb_sink sink = tb_sink_to_events(&events);
    struct buf out = BUF_INIT(OUT_MAX);

    write_events(update, &out);
    must(sink.write(sink.context, out.data, out.len) == 0 && reader.ended);
    tb_events_free(&events);
    buf_free(&out);
}

/* The input: the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct update update;

    must(update_id_of((const char *)data, size) >= -1);
    if (update_parse((const char *)data, size, &update) == 0)
        check(&update);
    update_free(&update);
    return 0;
}
