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

#endif
