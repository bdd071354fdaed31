/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/message.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>

#include "base/utf8.h"
#include "ctl/subcommand.h"

#define LINE_MAX_BYTES 2048

static void PRINTF_LIKE(1, 0) say_list(const char *format, va_list args)
{
    char line[LINE_MAX_BYTES];

    vsnprintf(line, sizeof(line), format, args);
    utf8_mask(line);
    fprintf(stderr, "tbproxyctl: %s\n", line);
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args);
    va_end(args);
}

int say_usage(const char *subcommand, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args);
    va_end(args);
    if (subcommand)
        fprintf(stderr, "Try tbproxyctl help %s.\n", subcommand);
    else
        fputs("Try tbproxyctl --help.\n", stderr);
    return STATUS_USAGE;
}

int exit_status(const struct tb_error *err)
{
    switch (err->kind) {
    case TB_ERROR_USAGE:
        return STATUS_USAGE;
    case TB_ERROR_NOT_FOUND:
        return STATUS_NOT_FOUND;
    case TB_ERROR_UNAUTHORIZED:
    case TB_ERROR_FORBIDDEN:
        return STATUS_REFUSED;
    case TB_ERROR_RATE_LIMITED:
        return STATUS_RATE_LIMITED;
    case TB_ERROR_SERVICE:
        return STATUS_SERVER_ERROR;
    case TB_ERROR_TRANSPORT:
    case TB_ERROR_TLS:
    case TB_ERROR_TIMEOUT:
        return STATUS_NOT_REACHABLE;
    default:
        return STATUS_FAILED;
    }
}

void end_as_broken_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        end_as_broken_pipe();
    say("standard output: %s", strerror(errno));
    return STATUS_FAILED;
}
