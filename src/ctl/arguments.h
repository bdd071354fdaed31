/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of a subcommand: words, tbproxyctl's own options, and the parameters of "call".
 */
#ifndef TB_CTL_ARGUMENTS_H
#define TB_CTL_ARGUMENTS_H

#include "ctl/connection.h"
#include "ctl/editions.h"
#include "ctl/subcommand.h"

#define PARAMETERS_MAX 1000 /* parameters and parts of one command line */

/* A parameter of the operation, or a part of its body (--part). */
struct argument {
    bool is_part;
    char name[128]; /* without "--"; of a part without "=" */
    const char *value;
};

struct arguments {
    char **words;
    unsigned word_count;
    const char *operation; /* the first word, if the subcommand takes parameters */
    struct connection_options connection;
    const char *as;     /* a user */
    const char *config; /* the file of tbproxyd's configuration */
    struct {
        const char *client, *method, *operation, *status;
    } trace;         /* what "trace" shows; NULL: all */
    unsigned blocks; /* of "top"; 0: without end */
    const char *body;
    const char *output;
    unsigned edition; /* EDITION_NONE: not given */
    bool all;
    bool compact;
    bool help; /* not used: main() looks for it first */
    bool json;
    bool long_lines;
    bool ready;
    struct argument *list; /* parameters and parts, in their order */
    size_t count;
};

/* Parses what follows SUBCOMMAND on the command line; the words are moved to the front of ARGV. -EINVAL with
 * a message. Free RET with arguments_free(), after an error too. */
int arguments_parse(const struct subcommand *subcommand, int argc, char **argv, struct arguments *ret,
                    struct tb_error *err);
void arguments_free(struct arguments *arguments);

/* Whether the option --NAME is followed by a value. OPERATION may be NULL. */
bool argument_takes_value(const struct subcommand *subcommand, const char *operation, const char *name);

#endif
