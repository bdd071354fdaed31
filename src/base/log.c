/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>

#define LINE_MAX_BYTES 1024

const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};

static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

static _Atomic int current_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

bool log_is_enabled(enum log_level level)
{
    return (int)level <= atomic_load(&current_level);
}

/* sd-daemon(3): JOURNAL_STREAM names the journal's end by device and inode; a redirected standard error is
 * another. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void log_write(enum log_level level, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    int saved_errno = errno;
    va_list args;
    char *c;

    if (!log_is_enabled(level))
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    for (c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    if (stderr_is_journal())
        fprintf(stderr, "<%d>%s\n", priorities[level], line);
    else
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
    errno = saved_errno;
}
