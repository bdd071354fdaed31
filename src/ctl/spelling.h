/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names on the command line: options in kebab case, and suggestions for misspelt names.
 */
#ifndef TB_CTL_SPELLING_H
#define TB_CTL_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 128 /* of a name in kebab case, with its NUL */

/* "pageSize" -> "page-size", "If-None-Match" -> "if-none-match", "useURLName" -> "use-url-name"; cut if
 * it does not fit. Returns RET. */
const char *kebab_case(const char *name, char ret[NAME_MAX_BYTES]);

/* Whether WORD is NAME, or NAME in kebab case. */
bool is_named(const char *name, const char *word);

/* A search for the candidate that is most like a misspelt word. */
struct nearest {
    const char *word;
    const char *best; /* NULL: none is similar */
    size_t distance;
};

/* Begins the search for WORD. */
struct nearest nearest_to(const char *word);
/* CANDIDATE must live as long as the search. */
void nearest_try(struct nearest *nearest, const char *candidate);

/* Writes "; did you mean X?" to RET, with PREFIX in front of X, or "" if no candidate is similar. Returns
 * RET. */
const char *nearest_hint(const struct nearest *nearest, const char *prefix, char *ret, size_t size);

#endif
