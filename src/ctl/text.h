/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people on standard output: fields, lengths of time, colours.
 */
#ifndef TB_CTL_TEXT_H
#define TB_CTL_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

#define DURATION_MAX_BYTES 40
#define FIELD_MAX_BYTES    2048
#define CLIENT_MAX_BYTES   128

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW };

/* What begins COLOUR and what ends it: "" unless standard output is a terminal that has colours, and NO_COLOR
 * is not set. */
const char *colour_begin(enum colour colour);
const char *colour_end(enum colour colour);

/* The size of the terminal on standard output; 0: it is none. */
unsigned terminal_width(void);
unsigned terminal_height(void);

/* Prints LABEL in its column and the text, cut after FIELD_MAX_BYTES; on a terminal, its lines are broken
 * between words. */
void field_print(const char *label, enum colour colour, const char *format, ...) PRINTF_LIKE(3, 4);

/* "120 ms", "42 s", "3 min 12 s", "2 h 10 min", "5 d 3 h". Returns RET. */
const char *duration_words(int64_t ms, char ret[DURATION_MAX_BYTES]);

/* "120 bytes", "1.2 MiB". Returns RET. */
const char *size_words(int64_t bytes, char ret[DURATION_MAX_BYTES]);

/* "uid:1000 (anna)": with the name of the user, which tbproxyd itself does not look up, because that can take
 * long. Returns RET. */
const char *client_words(const char *client, char ret[CLIENT_MAX_BYTES]);

/* How long ago AT was, a time like "2026-11-29T15:34:09.123Z": "12 s ago"; AT itself if it is no such time.
 * Returns RET. */
const char *ago_words(const char *at, char ret[DURATION_MAX_BYTES]);

#endif
