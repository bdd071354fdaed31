/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/mistakes.h"

#include <errno.h>

#include "base/log.h"

/* The length of "FILE:LINE: " at the beginning of MESSAGE, or 0. */
static size_t place_length(const char *message)
{
    const char *colon = message;
    size_t digits;

    while ((colon = strchr(colon, ':'))) {
        digits = strspn(++colon, "0123456789");
        if (digits > 0 && strncmp(colon + digits, ": ", 2) == 0)
            return (size_t)(colon - message) + digits + 2;
    }
    return 0;
}

int mistakes_take(struct mistakes *mistakes, int r, struct tb_error *err)
{
    size_t length;

    if (r != -EINVAL || !mistakes)
        return r;
    length = place_length(err->message);
    if (length == 0 || mistakes->before == 0 ||
        !memmem(mistakes->places.data, mistakes->before, err->message, length))
        log_error("%s", err->message);
    mistakes->count++;
    if (length > 0)
        buf_append(&mistakes->places, err->message, length); /* without memory, one may be logged twice */
    tb_error_clear(err);
    return 0;
}

void mistakes_begin_stage(struct mistakes *mistakes)
{
    if (mistakes)
        mistakes->before = mistakes->places.len;
}

void mistakes_free(struct mistakes *mistakes)
{
    buf_free(&mistakes->places);
}
