/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of a configuration file, as libconfig reads them.
 */
#ifndef TB_PROXY_CONFIG_SCANNER_H
#define TB_PROXY_CONFIG_SCANNER_H

#include <stdbool.h>
#include <stddef.h>

enum token_type {
    TOKEN_END,
    TOKEN_WORD,   /* a name, a number, true or false */
    TOKEN_STRING, /* with its quotes */
    TOKEN_SIGN,   /* one character */
};

struct token {
    enum token_type type;
    const char *text;
    size_t length;
    bool open;      /* a string, or (as a sign) a comment, that goes on to the end of the text */
    unsigned line;  /* where it begins, from 1 */
    unsigned depth; /* number of brackets around it; a bracket does not count itself */
};

/* Initialized as {.rest = TEXT, .line = 1}. */
struct scanner {
    const char *rest;
    unsigned line;
    unsigned depth;
};

/* The next token, TOKEN_END at the end of the text. */
struct token scanner_next(struct scanner *scanner);

/* Whether a string that begins in LINE or before goes on in the next line; *RET is the line in which the
 * first such string begins. If a quote is missing, libconfig's string ends at the next quote, and all later
 * strings are inverted. */
bool scanner_find_open_string(const char *text, unsigned line, unsigned *ret);

/* The message for a string that does not end, for file and line. */
#define SCANNER_OPEN_STRING "%s:%u: string does not end; a quote is missing"

/* Whether TOKEN is the character SIGN. */
bool token_is(const struct token *token, char sign);

/* Whether TOKEN, the last one that SCANNER found, is the name of a setting, followed by "=" or ":". */
bool token_is_name(const struct token *token, struct scanner scanner);

#endif
