/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes jansson's values as JSON, on one line. Doubles have the fewest digits that lose nothing; verbatim
 * values (tbclient/value.h) are written as they were read.
 */
#ifndef TB_JSON_JSON_WRITE_H
#define TB_JSON_JSON_WRITE_H

#include <jansson.h>

#include "base/buf.h"

/* Appends VALUE, of any type, to OUT. 0; -EINVAL: a string is not UTF-8, VALUE contains itself, or the text
 * after TB_VERBATIM is not JSON; -EMSGSIZE; -ENOMEM. OUT is unchanged on error. */
int json_write(struct buf *out, const json_t *value);

/* VALUE as jansson's json_dumps() writes it with FLAGS, to be freed. NULL: no memory, or VALUE is NULL.
 * Without memory, json_dumps() may leave something out. */
char *json_write_text(const json_t *value, size_t flags);

/* Appends ITEM, which is taken over, to LIST. Without memory, LIST is freed and becomes NULL, which
 * json_pack() refuses: a list is complete, or there is none. */
void json_list_add(json_t **list, json_t *item);

#endif
