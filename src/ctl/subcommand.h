/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subcommand of tbproxyctl: a file of its own, with a row in main.c.
 */
#ifndef TB_CTL_SUBCOMMAND_H
#define TB_CTL_SUBCOMMAND_H

#include <limits.h>
#include <stdbool.h>

#define WORDS_ANY UINT_MAX

/* Exit statuses, as in tbproxyctl(1). */
enum {
    STATUS_GOOD = 0,
    STATUS_FAILED = 1, /* for any other reason */
    STATUS_USAGE = 2,
    STATUS_NOT_FOUND = 3,
    STATUS_REFUSED = 4, /* or the credential is */
    STATUS_RATE_LIMITED = 5,
    STATUS_SERVER_ERROR = 6,
    STATUS_NOT_REACHABLE = 7,
};

struct arguments;

struct subcommand {
    const char *name;
    const char *summary;        /* its line in "tbproxyctl --help"; NULL: not listed */
    const char *usage;          /* what "tbproxyctl help NAME" prints */
    const char *const *options; /* names without "--", ended by NULL; NULL: every argument is a word */
    unsigned max_words;         /* arguments that are not options */
    bool takes_parameters;      /* its word is an operation, whose parameters are options after it */
    int (*run)(const struct arguments *arguments); /* returns the exit status */
};

/* All of them, ended by NULL. */
extern const struct subcommand *const subcommands[];

/* The subcommand called NAME, or NULL. */
const struct subcommand *subcommand_find(const char *name);
/* Says that NAME is none, and returns STATUS_USAGE. */
int refuse_subcommand(const char *name);

extern const struct subcommand call_subcommand, check_config_subcommand, clients_subcommand,
    complete_subcommand, delete_subcommand, describe_subcommand, get_subcommand, help_subcommand,
    limits_subcommand, log_level_subcommand, operations_subcommand, policy_subcommand, post_subcommand,
    put_subcommand, queue_subcommand, reload_subcommand, session_subcommand, spool_subcommand,
    status_subcommand, top_subcommand, trace_subcommand, wait_subcommand;

#endif
