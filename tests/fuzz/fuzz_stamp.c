/* SPDX-License-Identifier: Apache-2.0 */
/* A stamped body is JSON of the same shape in which every element has its time, and needs no second stamp. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "upstream/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT(1 << 22), again = BUF_INIT(1 << 22);

    if (telemetry_stamp((const char *)data, size, 1700000000000, &out) == 1 &&
        telemetry_stamp(out.data, out.len, 1, &again) != 0)
        abort();
    buf_free(&out);
    buf_free(&again);
    return 0;
}
