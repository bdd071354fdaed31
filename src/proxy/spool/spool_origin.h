/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which installation a row belongs to: a server and a tenant. All servers in upstream.url and
 * upstream.fallback_urls are one installation, so a failover among them changes nothing.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ORIGIN_H
#define TB_PROXY_SPOOL_SPOOL_ORIGIN_H

#include "upstream/upstream.h"

/* The server's URL that rows get. */
const char *spool_origin_url(const struct upstream *upstream);

/* The id of the tenant of the session's user, valid until the session changes; "": it has none; NULL: not
 * known yet. */
const char *spool_origin_tenant(const struct upstream *upstream);

/* Why rows with this URL and TENANT ("": any) must not go to the server that is there now; NULL: they may.
 * spool_origin_tenant() is known. */
const char *spool_origin_differs(const struct upstream *upstream, const char *url, const char *tenant);

#endif
