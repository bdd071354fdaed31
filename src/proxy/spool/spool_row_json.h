/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row as JSON. Texts of the server, and what a damaged file may have made of others, have no characters
 * that control a terminal.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ROW_JSON_H
#define TB_PROXY_SPOOL_SPOOL_ROW_JSON_H

#include <jansson.h>

#include "proxy/store/spool_row.h"

#define SPOOL_ANSWER_SHOWN 1000 /* bytes of the server's answer */

/* "waiting", "aside", "delivered" or "dropped". */
const char *spool_state_name(enum spool_state state);

/* What a program may know of its own write: state, times, and what the server said. NULL: no memory. */
json_t *spool_row_outcome(const struct spool_row *row);

/* All of it, for the administrator; with the body, as text, if it was read. NULL: no memory. */
json_t *spool_row_json(const struct spool_row *row, bool with_body);

#endif
