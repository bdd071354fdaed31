/* SPDX-License-Identifier: Apache-2.0 */
/* What a server sends as HTTP/1 responses means the same whatever pieces it arrives in: events, headers,
 * body, error, and the bytes that are left. */
#include <stdint.h>
#include <stdlib.h>

#include "response_transcript.h"

#define OUT_MAX (1 << 24)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input: a byte whose lowest bit says whether the request is a HEAD; a byte to divide the stream by at
 * random; the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {1, 0, 0};
    struct buf whole = BUF_INIT(OUT_MAX);
    size_t i;

    if (size < 2)
        return 0;
    response_transcript(data + 2, size - 2, data[0] & 1, WHOLE, 0, &whole);
    for (i = 0; i < ARRAY_SIZE(steps); i++) {
        struct buf pieces = BUF_INIT(OUT_MAX);

        response_transcript(data + 2, size - 2, data[0] & 1, steps[i], data[1] + 256u * (unsigned)i, &pieces);
        if (pieces.len != whole.len || memcmp(pieces.data, whole.data, whole.len) != 0)
            abort();
        buf_free(&pieces);
    }
    buf_free(&whole);
    return 0;
}
