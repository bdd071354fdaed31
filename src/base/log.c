/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/utf8.h"

#define LINE_MAX_BYTES   1024
#define PREFIX_MAX_BYTES 64

const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};

static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

static _Atomic int current_level = LOG_LEVEL_INFO;

/* No other line between poll() and write(). Guards what follows. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct log_sink *sink;
static unsigned long lost;
static int write_error; /* errno, if write() failed; 0: there was no room */
static bool is_broken;  /* the last line ended in the middle */

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load(&current_level);
}

bool log_is_enabled(enum log_level level)
{
    return (int)level <= atomic_load(&current_level);
}

/* sd-daemon(3): JOURNAL_STREAM is the device and inode of the journal's socket, which a redirected standard
 * error does not have. */
bool log_stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

/* A disk that fills up may have taken a part of the last line: this one does not go on with it. */
static bool write_whole(int fd, const char *line, size_t length)
{
    ssize_t written = is_broken ? write(fd, "\n", 1) : 0;

    if (written >= 0)
        written = write(fd, line, length);
    if (written < 0)
        write_error = errno;
    else
        is_broken = (size_t)written < length;
    return written == (ssize_t)length;
}

/* A pipe or socket that poll() reports as writable takes a line of less than PIPE_BUF bytes at once
 * (pipe(7)). The descriptor is not made non-blocking, because other processes may share it. */
static bool write_at_once(int fd, const char *line, size_t length)
{
    struct pollfd end = {.fd = fd, .events = POLLOUT};

    return poll(&end, 1, 0) == 1 && (end.revents & POLLOUT) && write_whole(fd, line, length);
}

/* poll() reports a terminal as writable even if it has no room for a whole line. It is opened again, because
 * only a new open file description can be made non-blocking. Returns the descriptor, or -1. */
static int open_terminal(void)
{
    return isatty(STDERR_FILENO) ? open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
}

bool log_write_to_stderr(const char *line, size_t length)
{
    int terminal = open_terminal();
    bool written = write_at_once(terminal >= 0 ? terminal : STDERR_FILENO, line, length);

    if (terminal >= 0)
        close(terminal);
    return written;
}

int log_priority(enum log_level level)
{
    return priorities[level];
}

bool log_write_line(const struct log_message *message)
{
    char line[PREFIX_MAX_BYTES + LINE_MAX_BYTES + 1];
    int length;

    if (log_stderr_is_journal())
        length = snprintf(line, sizeof(line), "<%d>%s\n", log_priority(message->level), message->text);
    else
        length = snprintf(line, sizeof(line), "%.*s: %s\n", PREFIX_MAX_BYTES - 3,
                          program_invocation_short_name, message->text);
    return log_write_to_stderr(line, (size_t)length);
}

static bool write_message(const struct log_message *message)
{
    return sink ? sink->write(sink, message) : log_write_line(message);
}

static void write_or_count(const struct log_message *message)
{
    char text[128];
    const struct log_message notice = {.level = LOG_LEVEL_WARNING, .text = text};

    pthread_mutex_lock(&mutex);
    snprintf(text, sizeof(text), "%lu log lines were lost: %s", lost,
             write_error ? strerror(write_error) : "they were not read in time");
    if (lost > 0 && write_message(&notice)) {
        lost = 0;
        write_error = 0;
    }
    if (lost > 0 || !write_message(message))
        lost++;
    pthread_mutex_unlock(&mutex);
}

void log_set_sink(struct log_sink *new_sink)
{
    pthread_mutex_lock(&mutex);
    sink = new_sink;
    pthread_mutex_unlock(&mutex);
}

static void PRINTF_LIKE(4, 0) compose(enum log_level level, const struct log_field *fields, size_t count,
                                      const char *format, va_list args)
{
    char text[LINE_MAX_BYTES];
    const struct log_message message = {level, text, fields, count};
    int saved_errno = errno;

    vsnprintf(text, sizeof(text), format, args);
    utf8_mask(text);
    write_or_count(&message);
    errno = saved_errno;
}

void log_write_fields(enum log_level level, const struct log_field *fields, size_t count, const char *format,
                      ...)
{
    va_list args;

    if (!log_is_enabled(level))
        return;
    va_start(args, format);
    compose(level, fields, count, format, args);
    va_end(args);
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    if (!log_is_enabled(level))
        return;
    va_start(args, format);
    compose(level, NULL, 0, format, args);
    va_end(args);
}
