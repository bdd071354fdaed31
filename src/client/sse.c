/* SPDX-License-Identifier: Apache-2.0 */
/* The sink that parses text/event-stream (WHATWG HTML standard, section 9.2). */
#include <errno.h>

#include <tbclient/client.h>

#include "base/buf.h"

#define LINE_MAX_BYTES (1024 * 1024)
#define DATA_MAX_BYTES (1024 * 1024)
#define NAME_MAX_BYTES 1024

/* A line may arrive in pieces, split even between CR and LF or inside the byte order mark. */
struct tb_event_state {
    struct buf line;
    struct buf name;
    struct buf data;
    struct buf id;
    bool had_cr;   /* the last line ended in CR: skip an LF */
    bool had_line; /* a byte order mark is only allowed before the first */
    bool has_data;
};

static const char *text_of(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

static int new_state(struct tb_event_state **ret)
{
    struct tb_event_state *state = calloc(1, sizeof(*state));

    if (!state)
        return -ENOMEM;
    state->line.max = LINE_MAX_BYTES;
    state->name.max = NAME_MAX_BYTES;
    state->data.max = DATA_MAX_BYTES;
    state->id.max = NAME_MAX_BYTES;
    *ret = state;
    return 0;
}

static int dispatch(tb_events *events)
{
    struct tb_event_state *state = events->state;
    int r = 0;

    if (state->has_data) {
        buf_truncate(&state->data, state->data.len - 1); /* the LF after the last line */
        r = events->event(events->context, state->name.len ? state->name.data : "message",
                          text_of(&state->data), text_of(&state->id));
    }
    state->has_data = false;
    buf_clear(&state->name);
    buf_clear(&state->data);
    return r > 0 ? 0 : r;
}

static int set(struct buf *buf, const char *text, size_t length)
{
    buf_clear(buf);
    return buf_append(buf, text, length);
}

static int add_data(struct tb_event_state *state, const char *text, size_t length)
{
    int r = buf_append(&state->data, text, length);

    if (r == 0)
        r = buf_append(&state->data, "\n", 1);
    state->has_data = r == 0;
    return r;
}

static bool is_name(const char *line, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(line, name, length) == 0;
}

/* The field's name ends at the first colon; one blank after it is skipped. Unknown fields, comments and
 * "retry" (nothing reconnects here) are ignored. */
static int take_line(tb_events *events, const char *line, size_t length)
{
    struct tb_event_state *state = events->state;
    const char *colon = length ? memchr(line, ':', length) : NULL;
    size_t name = colon ? (size_t)(colon - line) : length;
    size_t start = colon ? name + 1 : length;

    if (length == 0)
        return dispatch(events);
    if (start < length && line[start] == ' ')
        start++;
    if (is_name(line, name, "data"))
        return add_data(state, line + start, length - start);
    if (is_name(line, name, "event"))
        return set(&state->name, line + start, length - start);
    if (is_name(line, name, "id"))
        return set(&state->id, line + start, length - start);
    return 0;
}

static int end_line(tb_events *events)
{
    struct tb_event_state *state = events->state;
    size_t skip =
        !state->had_line && state->line.len >= 3 && memcmp(state->line.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    int r = take_line(events, text_of(&state->line) + skip, state->line.len - skip);

    state->had_line = true;
    buf_clear(&state->line);
    return r;
}

/* A NUL would end the C string, so it becomes U+FFFD. */
static int append_to_line(struct tb_event_state *state, const char *text, size_t length)
{
    int r = 0;

    while (r == 0 && length > 0) {
        const char *nul = memchr(text, '\0', length);
        size_t part = nul ? (size_t)(nul - text) : length;

        r = buf_append(&state->line, text, part);
        if (r == 0 && nul)
            r = buf_append(&state->line, "\xef\xbf\xbd", 3);
        part += nul != NULL;
        text += part;
        length -= part;
    }
    return r;
}

static int events_write(void *context, const void *data, size_t length)
{
    tb_events *events = context;
    const char *text = data, *end = text + length;
    int r = events->state ? 0 : new_state(&events->state);

    while (r == 0 && text < end) {
        const char *start = text;

        if (events->state->had_cr && *text == '\n') {
            events->state->had_cr = false;
            text++;
            continue;
        }
        events->state->had_cr = false;
        while (text < end && *text != '\r' && *text != '\n')
            text++;
        r = append_to_line(events->state, start, (size_t)(text - start));
        if (r == 0 && text < end) {
            events->state->had_cr = *text++ == '\r';
            r = end_line(events);
        }
    }
    return r;
}

tb_sink tb_sink_to_events(tb_events *events)
{
    return (tb_sink){.write = events_write, .context = events};
}

void tb_events_free(tb_events *events)
{
    if (!events->state)
        return;
    buf_free(&events->state->line);
    buf_free(&events->state->name);
    buf_free(&events->state->data);
    buf_free(&events->state->id);
    free(events->state);
    events->state = NULL;
}
