/* SPDX-License-Identifier: Apache-2.0 */
/* A path that is taken has one form: its canonical form is taken too and is its own. All of the target is
 * safe to send. */
#include <stdint.h>
#include <stdlib.h>

#include "http/target.h"
#include "proxy/route/operation.h"
#include "proxy/route/route.h"
#include "proxy/spool/spool_write.h"

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

/* A write that the spool may keep says to what. */
static void check_write(const struct target *target, const char *method)
{
    const struct operation *operation = operation_find(method, target->text.data, target->path_length);
    struct spool_write write = spool_write_read(operation, target->text.data, target->path_length);

    if (write.kind == SPOOL_NOTHING)
        return;
    if (strlen(write.entity) < 3 || strlen(write.entity) >= SPOOL_ENTITY_MAX || !strchr(write.entity, ':'))
        abort();
    if (write.kind == SPOOL_ATTRIBUTES && !*write.scope)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = strndup((const char *)data, size);
    struct target target;
    const char *reason;

    if (target_parse(raw, &target, &reason) == 0) {
        check_canonical(&target);
        route_find(LISTENER_API, "GET", target.text.data, target.path_length);
        check_write(&target, "POST");
        check_write(&target, "DELETE");
    }
    target_free(&target);
    free(raw);
    return 0;
}
