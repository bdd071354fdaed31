/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int tb_error_set(struct tb_error *err, int code, const char *format, ...)
{
    va_list args;

    if (!err)
        return code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return code;
}

int tb_error_prefix(struct tb_error *err, const char *format, ...)
{
    char inner[TB_ERROR_MESSAGE_MAX];
    va_list args;
    int n;

    memcpy(inner, err->message, sizeof(inner));
    va_start(args, format);
    n = vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    if (n >= 0 && (size_t)n + 2 < sizeof(err->message))
        snprintf(err->message + n, sizeof(err->message) - (size_t)n, ": %.*s", (int)sizeof(inner) - n - 3,
                 inner);
    return err->code;
}
