/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a configuration file, checked for what libconfig reads without a word and wrongly, and its
 * tokens.
 */
#ifndef TB_PROXY_CONFIG_CONFIG_TEXT_H
#define TB_PROXY_CONFIG_CONFIG_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define CONFIG_TEXT_MAX_BYTES (1024 * 1024)

/* A section that stands in a file for the second time is given to libconfig as "upstream*2". */
#define CONFIG_REPEAT_MARK "*"

/* What is said of a string without an end, with file and line. */
#define CONFIG_OPEN_STRING "%s:%u: the string that begins here has no end: a quote is missing"

/* Reads the file PATH into TEXT, an empty buffer with CONFIG_TEXT_MAX_BYTES, without a byte order mark and
 * with repeated sections marked. Errors: those of open(2) and read(2); -EMSGSIZE; -EINVAL for a number beyond
 * 32 bits without the L that libconfig wants behind it (it would be cut), and for a comment or string without
 * an end (the rest of the file would be left out). */
int config_text_read(const char *path, struct buf *text, struct tb_error *err);

enum config_token_type {
    CONFIG_TOKEN_END,
    CONFIG_TOKEN_WORD,   /* a name, a number, true or false */
    CONFIG_TOKEN_STRING, /* with its quotes */
    CONFIG_TOKEN_SIGN,   /* one character */
};

struct config_token {
    enum config_token_type type;
    const char *text;
    size_t length;
    bool open;      /* a string, or (as a sign) a comment, without an end: goes up to the end of the text */
    unsigned line;  /* from 1: where it begins */
    unsigned depth; /* how many brackets are around it; a bracket is not in itself */
};

/* Walks over a text: begins as {.rest = TEXT, .line = 1}. */
struct config_scanner {
    const char *rest;
    unsigned line;
    unsigned depth;
};

struct config_token config_text_next(struct config_scanner *scanner);

/* Whether a string goes on in another line, of those that begin in LINE at the latest; *RET is the line in
 * which the first one begins. Where a quote is missing, what libconfig takes for a string goes up to the next
 * one, and all further ones are the wrong way round. */
bool config_text_find_open_string(const char *text, unsigned line, unsigned *ret);

/* Whether TOKEN is the one character SIGN. */
bool config_token_is(const struct config_token *token, char sign);

/* Whether TOKEN, the last one that SCANNER found, is the name of a setting: "=" or ":" follows. */
bool config_token_is_name(const struct config_token *token, struct config_scanner scanner);

#endif
