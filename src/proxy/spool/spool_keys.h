/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of attribute keys, and what is left of a body of attributes without them. Texts only, from any
 * source.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_KEYS_H
#define TB_PROXY_SPOOL_SPOOL_KEYS_H

#include "base/buf.h"
#include "json/json_text.h"

struct spool_keys {
    char *text;             /* all keys, one after the other */
    struct json_part *keys; /* in TEXT, without quotes and escapes, sorted */
    size_t count;
};

/* The keys of BODY. 0; -EBADMSG: it is not a JSON object; -ENOMEM. */
int spool_keys_of_body(const char *body, size_t length, struct spool_keys *ret);

/* The keys in the parameter "keys" of QUERY, which begins after the '?' and deletes attributes: names with
 * commas between them. 0, -EINVAL or -ENOMEM. */
int spool_keys_of_query(const char *query, struct spool_keys *ret);

/* Writes to OUT, which is empty, the members of BODY that have none of KEYS: byte for byte, without what is
 * between them. Returns how many there are, and OUT stays empty if there is none; -EBADMSG: BODY is not a
 * JSON object; -EMSGSIZE, -ENOMEM. */
int spool_keys_remove(const struct spool_keys *keys, const char *body, size_t length, struct buf *out);

void spool_keys_free(struct spool_keys *keys);

#endif
