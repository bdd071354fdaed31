/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jansson's values into JSON, in one line: with doubles as short as they can be without loss, and what is
 * there verbatim (tbclient/value.h) as it was.
 */
#ifndef TB_JSON_JSON_WRITE_H
#define TB_JSON_JSON_WRITE_H

#include <jansson.h>

#include "base/buf.h"

/* Appends VALUE, of any kind, to OUT. 0; -EINVAL: it is no UTF-8, contains itself, or what stands behind
 * TB_VERBATIM is no JSON; -EMSGSIZE, -ENOMEM. OUT is unchanged on error. */
int json_write(struct buf *out, const json_t *value);

#endif
