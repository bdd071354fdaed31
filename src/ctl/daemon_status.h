/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints one part of tbproxyd's /-/status. All of the part is checked before any of it is printed.
 */
#ifndef TB_CTL_DAEMON_STATUS_H
#define TB_CTL_DAEMON_STATUS_H

#include <jansson.h>

#include "ctl/arguments.h"

/* What a member must be. */
enum member_kind {
    MEMBER_TEXT,   /* printable ASCII, at most STATUS_TEXT_MAX bytes */
    MEMBER_COUNT,  /* an integer, not negative */
    MEMBER_NUMBER, /* not negative */
    MEMBER_FLAG,
    MEMBER_LIST, /* of objects */
};

#define STATUS_TEXT_MAX 1024

struct status_member {
    const char *name;
    enum member_kind kind;
    bool nullable;
    const struct status_member *elements; /* the members of a list's objects */
};

struct status_part {
    const char *name;                    /* in the status */
    const struct status_member *members; /* ended by a NULL name */
    void (*print)(const json_t *part);   /* for people, to standard output; PART has all MEMBERS */
};

/* Asks tbproxyd and prints PART, as JSON with --json. Returns the exit status. */
int status_print(const struct status_part *part, const struct arguments *arguments);

/* The options of the subcommands that do so, and the end of their usage. */
extern const char *const status_options[];
#define STATUS_USAGE_TAIL                                                                                    \
    "\n"                                                                                                     \
    "  --json                 print JSON\n"                                                                  \
    "  --url URL              URL of tbproxyd (default: $TBPROXY_URL, or " URL_DEFAULT ")\n"                 \
    "  --unix-socket PATH     connect to tbproxyd's Unix socket instead\n"                                   \
    "  --ca-file FILE         trust the certificates in FILE instead of the system's\n"                      \
    "\n"                                                                                                     \
    "Exit status: 0 on success, 2 for a wrong command line, 7 if tbproxyd is not reachable, 1 for any\n"     \
    "other failure.\n"

#endif
