/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the parts of JSON in its own text, for what copies them byte for byte. Only for text that jansson has
 * taken: nothing is checked here.
 */
#ifndef TB_JSON_JSON_TEXT_H
#define TB_JSON_JSON_TEXT_H

/* The first byte from TEXT on that is no blank, or END. */
const char *json_text_skip_blanks(const char *text, const char *end);

/* The end of the value that begins at TEXT: of any kind, however deep. */
const char *json_text_value_end(const char *text, const char *end);

#endif
