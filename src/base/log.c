/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>

#define LINE_MAX_BYTES   1024
#define PREFIX_MAX_BYTES 64

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

/* sd-daemon(3): JOURNAL_STREAM is the device and inode of the journal's socket, which a redirected standard
 * error does not have. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/* A pipe or socket that poll() reports as writable takes a line of less than PIPE_BUF bytes at once
 * (pipe(7)). The descriptor is not made non-blocking, because other processes may share it. */
static bool write_at_once(int fd, const char *line, size_t length)
{
    struct pollfd end = {.fd = fd, .events = POLLOUT};

    return poll(&end, 1, 0) == 1 && (end.revents & POLLOUT) && write(fd, line, length) == (ssize_t)length;
}

/* poll() reports a terminal as writable even if it has no room for a whole line. It is opened again, because
 * only a new open file description can be made non-blocking. Returns the descriptor, or -1. */
static int open_terminal(void)
{
    return isatty(STDERR_FILENO) ? open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
}

static bool write_line(enum log_level level, const char *text)
{
    char line[PREFIX_MAX_BYTES + LINE_MAX_BYTES + 1];
    int length, terminal;
    bool written;

    if (stderr_is_journal())
        length = snprintf(line, sizeof(line), "<%d>%s\n", priorities[level], text);
    else
        length = snprintf(line, sizeof(line), "%.*s: %s\n", PREFIX_MAX_BYTES - 3,
                          program_invocation_short_name, text);
    terminal = open_terminal();
    written = write_at_once(terminal >= 0 ? terminal : STDERR_FILENO, line, (size_t)length);
    if (terminal >= 0)
        close(terminal);
    return written;
}

static void write_or_count(enum log_level level, const char *text)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* no other line between poll() and write() */
    static unsigned long lost;
    char notice[80];

    pthread_mutex_lock(&mutex);
    snprintf(notice, sizeof(notice), "%lu log lines were lost: standard error was not read", lost);
    if (lost > 0 && write_line(LOG_LEVEL_WARNING, notice))
        lost = 0;
    if (lost > 0 || !write_line(level, text))
        lost++;
    pthread_mutex_unlock(&mutex);
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
    write_or_count(level, line);
    errno = saved_errno;
}
