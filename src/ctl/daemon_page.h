/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages that tbproxyd itself answers.
 */
#ifndef TB_CTL_DAEMON_PAGE_H
#define TB_CTL_DAEMON_PAGE_H

#include <jansson.h>

#include "base/buf.h"
#include "ctl/connection.h"

#define DAEMON_PAGE_MAX_BYTES                                                                                \
    (4 * 1024 * 1024) /* a body of the spool has 1 MiB, and each byte may be escaped */

/* Appends "?NAME=VALUE" or "&NAME=VALUE" to PATH; nothing if VALUE is NULL. 0, -EMSGSIZE, -ENOMEM. */
int daemon_page_add(struct buf *path, const char *name, const char *value);

/* Appends the user CLIENT: a name, "uid:1000" or "unknown"; nothing if it is NULL. TB_ERROR_USAGE if there is
 * no such user. */
int daemon_page_add_client(struct buf *path, const char *client, struct tb_error *err);

/* GETs PATH ("/-/ready"). *RET is a new reference to the JSON object in the answer, or to an empty object if
 * there is none, because something else than tbproxyd may answer. */
int daemon_page_get(const struct connection_options *options, const char *path, long *ret_status,
                    json_t **ret, struct tb_error *err);

/* The same, if BODY is NULL; else POSTs BODY, which is JSON or "". */
int daemon_page_request(const struct connection_options *options, const char *path, const char *body,
                        long *ret_status, json_t **ret, struct tb_error *err);

/* Sets ERR for ANSWER with STATUS, which is not what was asked for: with tbproxyd's own reason, if it gives
 * one. Returns a negative errno. */
int daemon_page_refuse(int status, const json_t *answer, struct tb_error *err);

/* Says what ERR is. Returns the exit status. */
int daemon_page_report(const char *subcommand, const struct connection_options *options,
                       const struct tb_error *err);

/* The edition of tbproxyd's server: an index of editions[], or EDITION_NONE if it is unknown. */
unsigned daemon_edition(const struct connection_options *options);

#endif
