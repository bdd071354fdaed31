/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of a subcommand: words, tbproxyctl's own options, and the parameters of "call".
 */
#ifndef TB_CTL_ARGUMENTS_H
#define TB_CTL_ARGUMENTS_H

#include "ctl/connection.h"
#include "ctl/editions.h"
#include "ctl/subcommand.h"

#define PARAMETERS_MAX 1000 /* parameters, parts and members of one command line */

/* A parameter of the operation, a part of its body (--part), or a member of it (--set). */
enum argument_kind { ARGUMENT_PARAMETER, ARGUMENT_PART, ARGUMENT_MEMBER };

struct argument {
    enum argument_kind kind;
    char name[128]; /* without "--", or what is before "=" */
    const char *value;
};

struct arguments {
    const struct subcommand *subcommand;
    char **words;
    unsigned word_count;
    const char *operation; /* the first word, if the subcommand takes parameters */
    struct connection_options connection;
    const char *as;     /* a user */
    const char *config; /* the file of tbproxyd's configuration */
    struct {
        const char *client, *entity, *method, *operation, *state, *status;
    } only;          /* what "trace" and "spool" are about; NULL: all */
    unsigned blocks; /* of "top"; 0: without end */
    const char *body;
    const char *output;
    const char *field;
    const char *jq;
    unsigned edition; /* EDITION_NONE: not given */
    bool all;
    bool compact;
    bool dry_run;
    bool help; /* not used: main() looks for it first */
    bool json;
    bool long_lines;
    bool server_text;
    bool no_check;
    bool ready;
    bool verbose;
    struct argument *list; /* in their order */
    size_t count;
};

/* Parses what follows SUBCOMMAND on the command line; the words are moved to the front of ARGV. -EINVAL with
 * a message. Free RET with arguments_free(), after an error too. */
int arguments_parse(const struct subcommand *subcommand, int argc, char **argv, struct arguments *ret,
                    struct tb_error *err);
void arguments_free(struct arguments *arguments);

/* -EINVAL: no edition has the operation ID; the message suggests one. */
int refuse_operation(const char *id, struct tb_error *err);

/* Whether the option --NAME is followed by a value. OPERATION may be NULL. */
bool argument_takes_value(const struct subcommand *subcommand, const char *operation, const char *name);

#endif
