/* SPDX-License-Identifier: Apache-2.0 */
/* What merge_check() takes is merged into JSON that means what the bodies mean one after the other; to merge
 * it again changes nothing. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/forward/merge_body.h"

#define BODIES_MAX 3
#define INPUT_MAX  4096 /* of a larger one, jansson could find the merged body too deep */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_to(json_t *all, const char *body, size_t length)
{
    json_t *parsed = json_loadb(body, length, JSON_DECODE_INT_AS_REAL, NULL);

    if (json_is_object(all))
        json_object_update(all, parsed);
    else if (json_is_array(parsed))
        json_array_extend(all, parsed);
    else
        json_array_append(all, parsed);
    json_decref(parsed);
}

static void check_merged(enum merge_kind kind, const struct buf *const *bodies, size_t count)
{
    json_t *wanted = kind == MERGE_TELEMETRY ? json_array() : json_object(), *parsed;
    struct buf out = BUF_INIT(2 * INPUT_MAX), again = BUF_INIT(2 * INPUT_MAX);
    const struct buf *merged = &out;
    size_t i;

    if (merge_bodies(kind, bodies, count, &out) < 0 || merge_check(kind, out.data, out.len) < 0 ||
        merge_bodies(kind, &merged, 1, &again) < 0 || strcmp(out.data, again.data) != 0)
        abort();
    for (i = 0; i < count; i++)
        append_to(wanted, bodies[i]->data, bodies[i]->len);
    parsed = json_loadb(out.data, out.len, JSON_DECODE_INT_AS_REAL, NULL);
    if (!json_equal(parsed, wanted))
        abort();
    json_decref(parsed);
    json_decref(wanted);
    buf_free(&out);
    buf_free(&again);
}

/* The input: one byte for the kind, then bodies with bytes of 255 between them, of which those that can be
 * merged are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum merge_kind kind = size && data[0] % 2 ? MERGE_ATTRIBUTES : MERGE_TELEMETRY;
    const uint8_t *next = data + 1, *end = data + size;
    struct buf parts[BODIES_MAX];
    const struct buf *bodies[BODIES_MAX];
    size_t count = 0;

    while (size <= INPUT_MAX && next < end && count < BODIES_MAX) {
        const uint8_t *part_end = memchr(next, 255, (size_t)(end - next));
        size_t length = (size_t)((part_end ? part_end : end) - next);
        char *text = malloc(length + !length); /* of its very length, for the address sanitizer */

        memcpy(text, next, length);
        parts[count] = (struct buf){text, length, length, length};
        bodies[count] = &parts[count];
        if (merge_check(kind, text, length) == 0)
            count++;
        else
            free(text);
        next += length + 1;
    }
    if (count > 0)
        check_merged(kind, bodies, count);
    while (count > 0)
        buf_free(&parts[--count]);
    return 0;
}
