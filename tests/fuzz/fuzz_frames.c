/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a program sends through a WebSocket: what of it passes does not depend on how it comes, and passes
 * unchanged a second time, so that it is whole frames without an authCmd. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/websocket/frame_filter.h"

#define OUT_MAX (1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int pass(const void *data, size_t size, uint8_t flags, size_t step, struct buf *out)
{
    struct frame_filter filter;
    size_t at;
    int r = 0;

    frame_filter_init(&filter);
    filter.reader.compression = flags & 1;
    filter.no_context = flags & 2;
    for (at = 0; r >= 0 && at < size; at += step) {
        size_t length = size - at < step ? size - at : step;

        if (frame_filter_add(&filter, (const char *)data + at, length) < 0)
            abort();
        do {
            size_t before = out->len;

            r = frame_filter_next(&filter, out);
            if (out->len - before > FRAME_FILTER_OUT_BYTES || (r <= 0 && out->len > before))
                abort();
        } while (r > 0);
    }
    frame_filter_free(&filter);
    return r;
}

/* The input: a byte that says what was negotiated, then the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once = {.max = OUT_MAX}, in_bytes = {.max = OUT_MAX}, again = {.max = OUT_MAX};

    if (size == 0)
        return 0;
    if (pass(data + 1, size - 1, data[0], FRAME_FILTER_ADD_BYTES, &once) !=
            pass(data + 1, size - 1, data[0], 1, &in_bytes) ||
        once.len != in_bytes.len)
        abort();
    if (pass(once.data, once.len, data[0], FRAME_FILTER_ADD_BYTES, &again) < 0 || again.len != once.len ||
        (once.len > 0 && memcmp(again.data, once.data, once.len) != 0))
        abort();
    buf_free(&once);
    buf_free(&in_bytes);
    buf_free(&again);
    return 0;
}
