/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events from the server: what the client library finds in it does not depend on how it comes,
 * and names and ids are one line. */
#include <errno.h>
#include <tbclient/client.h>

#include "base/buf.h"
#include "fuzz.h"

#define OUT_MAX (1 << 24)

static int take(void *context, const char *name, const char *data, const char *id)
{
    must(*name && !strpbrk(name, "\r\n") && !strpbrk(id, "\r\n") && !strchr(data, '\r'));
    must(buf_append_format(context, "%s\r%s\r%s\r", name, id, data) == 0);
    return 0;
}

/* Returns how the stream ends: a name or an id may be too long. */
static int read_events(const uint8_t *data, size_t size, size_t step, struct buf *out)
{
    tb_events events = {.event = take, .context = out};
    tb_sink sink = tb_sink_to_events(&events);
    size_t at;
    int r = 0;

    buf_append_string(out, "");
    for (at = 0; r == 0 && at < size; at += step)
        r = sink.write(sink.context, data + at, size - at < step ? size - at : step);
    tb_events_free(&events);
    must(r == 0 || r == -EMSGSIZE);
    return r;
}

/* The input: the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = BUF_INIT(OUT_MAX), in_bytes = BUF_INIT(OUT_MAX), in_parts = BUF_INIT(OUT_MAX);

    int r = read_events(data, size, size + 1, &whole);

    must(read_events(data, size, 1, &in_bytes) == r && read_events(data, size, 7, &in_parts) == r);
    must(strcmp(whole.data, in_bytes.data) == 0 && strcmp(whole.data, in_parts.data) == 0);
    buf_free(&whole);
    buf_free(&in_bytes);
    buf_free(&in_parts);
    return 0;
}
