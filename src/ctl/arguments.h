/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of subcommands that send something: which words are tbproxyctl's own options and, of
 * "call", which are the operation's parameters.
 */
#ifndef TB_CTL_ARGUMENTS_H
#define TB_CTL_ARGUMENTS_H

#include "ctl/catalog.h"
#include "ctl/where.h"

#define PARAMETERS_MAX 1000 /* options of one command line that are parameters or parts */

/* An option of tbproxyctl's own. */
struct own_option {
    const char *name;
    bool has_value;
};

/* Those of "call", and those of subcommands that ask tbproxyd for its status; ended by a NULL name. */
extern const struct own_option call_options[], status_options[];

/* The one of OPTIONS that the LENGTH bytes of NAME are, or NULL. */
const struct own_option *own_option_find(const struct own_option *options, const char *name, size_t length);

/* Whether the operation ID has, in any edition, a parameter that the LENGTH bytes of WORD name. */
bool is_parameter(const char *id, const char *word, size_t length);

struct argument {
    bool is_part;
    char name[128]; /* without "--"; of a part without "=" */
    const char *value;
};

struct arguments {
    const struct own_option *options; /* that may be given */
    struct where where;
    const char *operation;
    const char *body;
    const char *output;
    unsigned edition; /* EDITION_NONE: not given */
    bool all;
    bool compact;
    bool json;
    struct argument *list; /* parameters and parts, in their order */
    size_t count;
};

/* OPTIONS are call_options or status_options; only with the first an operation is taken, and needed. -EINVAL
 * with a message. Free with arguments_free() in any case. */
int arguments_parse(int argc, char **argv, const struct own_option *options, struct arguments *ret,
                    struct tb_error *err);
void arguments_free(struct arguments *arguments);

#endif
