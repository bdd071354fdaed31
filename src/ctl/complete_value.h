/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion of the value of an option or a parameter, and the line that it is in.
 */
#ifndef TB_CTL_COMPLETE_VALUE_H
#define TB_CTL_COMPLETE_VALUE_H

#include "ctl/complete_word.h"
#include "ctl/editions.h"
#include "ctl/spelling.h"
#include "ctl/subcommand.h"

struct complete_line {
    const struct subcommand *subcommand;
    char **words; /* after the subcommand, up to the word under the cursor */
    unsigned count;
    struct word current;
    const char *word;             /* the first that is not an option, before the cursor; NULL: none yet */
    char pending[NAME_MAX_BYTES]; /* the option, without "--", whose value is under the cursor; "": none */
    unsigned edition;
};

/* The value of the option --NAME before the cursor, "" if it is given without one; NULL: it is not given. */
const char *complete_find_value(const struct complete_line *line, const char *name);

/* The operation in the line, in the first edition that has it; NULL if there is none. */
const tb_operation *complete_find_operation(const struct complete_line *line, const tb_api **ret_api);

/* Offers the operations of one edition, or of all (EDITION_NONE). */
void complete_offer_operations(const struct word *current, unsigned only);

/* Offers values for the pending option. */
void complete_offer_value(const struct complete_line *line);

#endif
