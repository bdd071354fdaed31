/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as people type them: options in kebab case, and what a misspelt name was probably meant to be.
 */
#ifndef TB_CTL_SPELLING_H
#define TB_CTL_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 128 /* of a name in kebab case, with its NUL */

/* "pageSize" -> "page-size", "If-None-Match" -> "if-none-match", "useURLName" -> "use-url-name"; cut where it
 * does not fit. Returns RET. */
const char *kebab_case(const char *name, char ret[NAME_MAX_BYTES]);

/* Whether WORD is NAME as it is or in kebab case. */
bool is_named(const char *name, const char *word);

/* The nearest of the candidates to a misspelt word. */
struct nearest {
    const char *word;
    const char *best; /* NULL: none is near */
    size_t distance;
};

/* Begins the search for WORD. */
struct nearest nearest_to(const char *word);
/* CANDIDATE must live as long as the search. */
void nearest_try(struct nearest *nearest, const char *candidate);

/* "; did you mean X?", or "" where no candidate is near. PREFIX goes in front of X. */
const char *nearest_hint(const struct nearest *nearest, const char *prefix, char *ret, size_t size);

#endif
