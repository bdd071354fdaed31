/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subcommands that print one part of tbproxyd's /-/status, which is checked before anything of it is printed.
 */
#ifndef TB_CTL_STATUS_H
#define TB_CTL_STATUS_H

#include <jansson.h>

#include "ctl/ctl.h"

/* What a member must be. */
enum member_kind {
    MEMBER_TEXT,   /* printable ASCII, at most STATUS_TEXT_MAX bytes */
    MEMBER_COUNT,  /* an integer, not negative */
    MEMBER_NUMBER, /* any, not negative */
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
    const struct subcommand *subcommand; /* the part has its name */
    const struct status_member *members; /* ended by a NULL name */
    void (*print)(const json_t *part);   /* for people, to standard output; PART has all MEMBERS */
};

/* Runs the subcommand of PART. */
int status_run(const struct status_part *part, int argc, char **argv);

/* What all of them print with --help. */
#define STATUS_USAGE_TAIL                                                                                    \
    "\n"                                                                                                     \
    "  --json                 as JSON\n"                                                                     \
    "  --url URL              tbproxyd (default: $TBPROXY_URL, or " URL_DEFAULT ")\n"                        \
    "  --unix-socket PATH     tbproxyd's socket\n"                                                           \
    "  --ca-file FILE         certificates to believe, instead of the system's\n"                            \
    "\n"                                                                                                     \
    "Exit status: 0, 1 where tbproxyd does not tell, 2 for a wrong command line.\n"

#endif
