/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds values in JSON text that is copied byte for byte. Only for text that jansson or json_check() has
 * accepted: nothing is checked here.
 */
#ifndef TB_JSON_JSON_TEXT_H
#define TB_JSON_JSON_TEXT_H

/* The first byte from TEXT on that is not white space, or END. */
const char *json_text_skip_blanks(const char *text, const char *end);

/* The end of the value at TEXT, of any type and depth. */
const char *json_text_value_end(const char *text, const char *end);

#endif
