/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints tbproxyd's /-/status or a part of it. All of the part is checked before any of it is printed.
 */
#ifndef TB_CTL_DAEMON_STATUS_H
#define TB_CTL_DAEMON_STATUS_H

#include <jansson.h>

#include "ctl/arguments.h"

/* What a member must be. */
enum member_kind {
    MEMBER_TEXT,   /* printable ASCII, at most STATUS_TEXT_MAX bytes */
    MEMBER_WORDS,  /* the same, but UTF-8 */
    MEMBER_COUNT,  /* an integer, not negative */
    MEMBER_NUMBER, /* not negative */
    MEMBER_FLAG,
    MEMBER_LIST, /* of objects */
    MEMBER_OBJECT,
};

#define STATUS_TEXT_MAX 1024

struct status_member {
    const char *name;
    enum member_kind kind;
    bool nullable;
    const struct status_member *elements; /* the members of the object, or of a list's objects */
};

struct status_part {
    const char *name;                    /* in the status; NULL: all of it */
    const struct status_member *members; /* ended by a NULL name */
    bool of_clients;                     /* a program sees only its own, except over the admin socket */
    void (*print)(const json_t *part);   /* for people, to standard output; PART has all MEMBERS */
};

/* Asks tbproxyd and prints PART, as JSON with --json. Returns the exit status. */
int status_print(const char *subcommand, const struct status_part *part, const struct arguments *arguments);

/* *RET is PART of STATUS, borrowed. -EBADMSG with a message if a member is missing or invalid. */
int status_find(const struct status_part *part, const json_t *status, const json_t **ret,
                struct tb_error *err);

/* Prints VALUE as JSON and a line end: indented, or on one line. */
void status_print_json(const json_t *value);
void status_print_json_line(const json_t *value);

/* Members of an object that has been checked. */
json_int_t count_of(const json_t *object, const char *name);
const char *text_of(const json_t *object, const char *name); /* NULL: null */

#define ADMIN_USAGE                                                                                          \
    "  --admin SOCKET       tbproxyd's admin socket (default: $TBPROXY_ADMIN, or\n"                          \
    "                       " ADMIN_DEFAULT ")\n"

/* The options of the subcommands that do so, and the end of their usage. */
extern const char *const status_options[];
#define WAY_USAGE                                                                                            \
    ADMIN_USAGE                                                                                              \
    "  --url URL            URL of tbproxyd (default: $TBPROXY_URL, or\n"                                    \
    "                       " URL_DEFAULT ")\n"                                                              \
    "  --unix-socket PATH   connect to tbproxyd's Unix socket instead\n"                                     \
    "  --ca-file FILE       trust the certificates in FILE instead of the system's\n"
#define STATUS_USAGE_TAIL                                                                                    \
    "\n"                                                                                                     \
    "  --json               print JSON\n" WAY_USAGE "\n"                                                     \
    "Exit status: 0 on success, 2 for a wrong command line, 7 if tbproxyd is not\n"                          \
    "reachable, 1 for any other failure.\n"

#endif
