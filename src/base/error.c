/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* A message that was cut does not end inside a UTF-8 character. */
static void end_at_character(char *message)
{
    size_t length = strlen(message);
    size_t start = length;

    if (length < TB_ERROR_MESSAGE_MAX - 1)
        return;
    while (start > 0 && ((unsigned char)message[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)message[start - 1] >= 0xc0)
        message[start - 1] = '\0';
}

int tb_error_set(struct tb_error *err, int code, const char *format, ...)
{
    va_list args;

    if (!err)
        return code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    end_at_character(err->message);
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
    end_at_character(err->message);
    return err->code;
}

void tb_error_clear(struct tb_error *err)
{
    free(err->body);
    *err = (struct tb_error)TB_ERROR_INIT;
}

const char *tb_error_kind_name(enum tb_error_kind kind)
{
    static const char *const names[] = {
        [TB_ERROR_NONE] = "no error",
        [TB_ERROR_USAGE] = "usage",
        [TB_ERROR_TRANSPORT] = "transport",
        [TB_ERROR_TLS] = "TLS",
        [TB_ERROR_TIMEOUT] = "timeout",
        [TB_ERROR_DECODE] = "decode",
        [TB_ERROR_SYSTEM] = "system",
        [TB_ERROR_BAD_REQUEST] = "bad request",
        [TB_ERROR_UNAUTHORIZED] = "unauthorized",
        [TB_ERROR_FORBIDDEN] = "forbidden",
        [TB_ERROR_NOT_FOUND] = "not found",
        [TB_ERROR_CONFLICT] = "conflict",
        [TB_ERROR_UNPROCESSABLE] = "unprocessable",
        [TB_ERROR_RATE_LIMITED] = "rate limited",
        [TB_ERROR_SERVICE] = "service",
        [TB_ERROR_HTTP] = "HTTP",
    };

    return (size_t)kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}
