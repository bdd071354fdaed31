/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a query that tbproxyd reads itself. (A query for the server passes byte for byte.)
 */
#ifndef TB_HTTP_QUERY_H
#define TB_HTTP_QUERY_H

struct query_reader {
    /* Takes a parameter, decoded and UTF-8 without control characters; it may change VALUE. 0, or a negative
     * errno; for -EINVAL it sets *REASON, a static text. */
    int (*take)(void *arg, const char *name, char *value, const char **reason);
    void *arg;
};

/* Gives READER each parameter of QUERY, which begins after the '?', until one is refused: returns that error.
 * '+' is a space, as on the server. Also -EINVAL with *REASON for what is not text, and -ENOMEM. */
int query_read(const char *query, const struct query_reader *reader, const char **reason);

#endif
