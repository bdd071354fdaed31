/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's own description of its API (/v3/api-docs). The first request for it after the server's start
 * can take half a minute, so it is kept in $XDG_CACHE_HOME/tbproxyctl for as long as tbproxyd says that the
 * server's edition and version are the same.
 */
#ifndef TB_CTL_SERVER_DOCUMENT_H
#define TB_CTL_SERVER_DOCUMENT_H

#include <jansson.h>

#include "ctl/connection.h"

#define SERVER_DOCUMENT_MAX_BYTES (16 * 1024 * 1024) /* 4.4.0 sends 1.8 MB */

/* *RET is a new reference to the document, an object. Says so on standard error if it has to ask the server.
 */
int server_document_get(const struct connection_options *connection, json_t **ret, struct tb_error *err);

#endif
