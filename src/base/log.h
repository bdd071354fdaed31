/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for the administrator, one line each on standard error: "tbproxyd: text", or "<4>text" with the
 * journal's priority prefix (sd-daemon(3)) if standard error is the journal. Thread-safe. Never blocks: a
 * line that standard error does not take at once is lost, and the next line says how many were.
 */
#ifndef TB_BASE_LOG_H
#define TB_BASE_LOG_H

#include <stdbool.h>

#include "base/util.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The names of the levels in the configuration, in the order of enum log_level; NULL is the last. */
extern const char *const log_level_names[];

void log_set_level(enum log_level level);

/* Whether messages of LEVEL are written; for messages that are expensive to compose. */
bool log_is_enabled(enum log_level level);

/* Control characters become '?', so a hostile server cannot forge a line. Lines are cut at 1,024 bytes. The
 * text must not contain secrets. */
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
