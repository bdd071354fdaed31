/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says whether text is JSON (RFC 8259), in one pass and without memory, so that a body costs no more than
 * its bytes. json_text.h finds what is in it.
 */
#ifndef TB_JSON_JSON_CHECK_H
#define TB_JSON_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_CHECK_DEPTH_MAX 2048 /* jansson's */

enum json_check {
    /* No string with a NUL or half of a surrogate pair, and no number of 1e308 and more: what any database
     * and any reader can hold. */
    JSON_CHECK_STORABLE = 1 << 0,
};

/* Whether TEXT is one value in UTF-8, of any type, with nothing but blanks around it. */
bool json_check(const char *text, size_t length, unsigned flags);

/* Where it is not any more; NULL if it is. */
const char *json_check_find(const char *text, size_t length, unsigned flags);

#endif
