/* SPDX-License-Identifier: Apache-2.0 */
/* A path that is taken has one form: its canonical form is taken too and is its own. All of the target is
 * safe to send. */
#include <stdint.h>
#include <stdlib.h>

#include "http/target.h"
#include "proxy/route/operation.h"
#include "proxy/route/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(const struct target *target)
{
    const char *reason;
    struct target again;
    size_t i;

    for (i = 0; i < target->text.len; i++) {
        unsigned char c = (unsigned char)target->text.data[i];

        if (c <= ' ' || c == 0x7f || (i < target->path_length && (c > '~' || c == '#' || c == '?')))
            abort();
    }
    if (target->path_length > target->text.len || target->text.len > TARGET_MAX_BYTES)
        abort();
    if (target_parse(target->text.data, &again, &reason) != 0 || again.path_length != target->path_length ||
        strcmp(again.text.data, target->text.data) != 0)
        abort();
    target_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = strndup((const char *)data, size);
    struct target target;
    const char *reason;

    if (target_parse(raw, &target, &reason) == 0) {
        check_canonical(&target);
        route_find(LISTENER_API, "GET", target.text.data, target.path_length);
        operation_find("POST", target.text.data, target.path_length);
    }
    target_free(&target);
    free(raw);
    return 0;
}
