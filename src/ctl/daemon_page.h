/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages that tbproxyd itself answers.
 */
#ifndef TB_CTL_DAEMON_PAGE_H
#define TB_CTL_DAEMON_PAGE_H

#include <jansson.h>

#include "ctl/connection.h"

/* GETs PATH ("/-/ready"). *RET is a new reference to the JSON object in the answer, or to an empty object if
 * there is none, because something else than tbproxyd may answer. */
int daemon_page_get(const struct connection_options *options, const char *path, long *ret_status,
                    json_t **ret, struct tb_error *err);

/* The edition of tbproxyd's server: an index of editions[], or EDITION_NONE if it is unknown. */
unsigned daemon_edition(const struct connection_options *options);

#endif
