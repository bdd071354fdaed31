/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages on standard error, and the end of standard output.
 */
#ifndef TB_CTL_MESSAGE_H
#define TB_CTL_MESSAGE_H

#include <stdio.h>

#include "base/error.h"

/* Prints a line on standard error: "tbproxyctl: TEXT". Control characters become '?', because part of the
 * text may come from a server. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same with a second line: how to get help on SUBCOMMAND (NULL: on tbproxyctl). Returns STATUS_USAGE. */
int say_usage(const char *subcommand, const char *format, ...) PRINTF_LIKE(2, 3);

/* The exit status for ERR, by its kind. */
int exit_status(const struct tb_error *err);

/* Flushes standard output. Returns STATUS, or STATUS_FAILED if not everything could be written; if the reader
 * of a pipe has gone, ends the program as SIGPIPE does. */
int finish(int status);

/* Ends the program as SIGPIPE does. */
void end_as_broken_pipe(void);

#endif
