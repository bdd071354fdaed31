/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word under the cursor, and what it can become: one candidate per line on standard output, each a whole
 * word. Candidates that would control a terminal are left out.
 */
#ifndef TB_CTL_COMPLETE_WORD_H
#define TB_CTL_COMPLETE_WORD_H

#include <stdbool.h>
#include <stddef.h>

struct word {
    const char *whole;
    size_t kept; /* bytes of WHOLE before what is completed: "--body=@" */
};

/* What is completed. */
const char *word_text(const struct word *word);

/* Keeps START, if the text begins with it. */
bool word_keep(struct word *word, const char *start);

/* Prints PREFIX and CANDIDATE if they begin with the text. */
void word_offer(const struct word *word, const char *prefix, const char *candidate);

/* Offers files and folders, these with a slash at the end. */
void word_offer_files(const struct word *word);

#endif
