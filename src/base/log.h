/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for the administrator, one line each on standard error: "tbproxyd: text", or "<4>text" with the
 * journal's priority prefix (sd-daemon(3)) if standard error is the journal; or where log_set_sink() says.
 * Thread-safe. Never blocks: a line that is not taken at once is lost, and the next line says how many were.
 */
#ifndef TB_BASE_LOG_H
#define TB_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The names of the levels in the configuration, in the order of enum log_level; NULL is the last. */
extern const char *const log_level_names[];

void log_set_level(enum log_level level);

enum log_level log_get_level(void);

/* Whether messages of LEVEL are written; for messages that are expensive to compose. */
bool log_is_enabled(enum log_level level);

/* Control characters become '?', so a hostile server cannot forge a line. Lines are cut at 1,024 bytes. The
 * text must not contain secrets. */
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* A fact of a message, beside its text. */
struct log_field {
    const char *name; /* "STATUS": capital letters and underscores, so the journal takes it */
    const char *text; /* NULL: the value is the number */
    int64_t number;
};

/* The same with FIELDS, for sinks that have a place for them. */
void log_write_fields(enum log_level level, const struct log_field *fields, size_t count, const char *format,
                      ...) PRINTF_LIKE(4, 5);

struct log_message {
    enum log_level level;
    const char *text; /* one line, perhaps not UTF-8 */
    const struct log_field *fields;
    size_t field_count;
};

/* Another place for messages. */
struct log_sink {
    /* Returns whether the message was taken. Must not block or log. Called by one thread at a time. */
    bool (*write)(struct log_sink *sink, const struct log_message *message);
};

/* NULL: lines on standard error. */
void log_set_sink(struct log_sink *sink);

/* ---- for sinks ---- */

/* MESSAGE as a line on standard error. */
bool log_write_line(const struct log_message *message);

/* Writes the LENGTH bytes of LINE to standard error, if it takes them at once. */
bool log_write_to_stderr(const char *line, size_t length);

bool log_stderr_is_journal(void);

/* LOG_ERR to LOG_DEBUG of syslog(3). */
int log_priority(enum log_level level);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
