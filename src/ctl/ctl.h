/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbproxyctl: the subcommands, and how all of them speak. A subcommand is one file with one row in speak.c.
 */
#ifndef TB_CTL_CTL_H
#define TB_CTL_CTL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* What the program exits with. */
enum { STATUS_GOOD = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct subcommand {
    const char *name;
    const char *summary;               /* one line of the list; NULL: not listed */
    const char *usage;                 /* what "help NAME" prints */
    int (*run)(int argc, char **argv); /* the words after NAME; returns what to exit with */
};

extern const struct subcommand call_subcommand, operations_subcommand, describe_subcommand, limits_subcommand,
    queue_subcommand, help_subcommand, complete_subcommand;

/* All of them, ended by NULL. */
extern const struct subcommand *const subcommands[];

/* The subcommand called NAME, or NULL. */
const struct subcommand *subcommand_find(const char *name);

/* "--help" or "-h". */
bool is_help(const char *word);

/* One line on standard error: "tbproxyctl: TEXT". Control characters are shown as '?': part of the text may
 * come from a server. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same with a second line that says where help is; returns STATUS_USAGE. */
int say_usage(const struct subcommand *subcommand, const char *format, ...) PRINTF_LIKE(2, 3);

/* Ends what was printed on standard output. Returns STATUS, or STATUS_FAILED where not all could be written;
 * does not return where the reader of a pipe has gone: the program ends as SIGPIPE ends it. */
int finish(int status);

/* Ends the program as SIGPIPE ends it. */
void end_as_broken_pipe(void);

/* For subcommands whose one option is --edition: moves the words to the front of ARGV. False where the
 * command line is at its end with that: help was asked for, or it is wrong; *RET_STATUS is then the exit
 * status. */
bool words_and_edition(const struct subcommand *subcommand, int argc, char **argv, int *ret_words,
                       unsigned *ret_edition, int *ret_status);

#endif
