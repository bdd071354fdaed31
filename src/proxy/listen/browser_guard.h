/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps web pages out. tbproxyd asks local programs for no credential, so a page in a local browser must not
 * be able to use it: not by a request across sites, and not by a DNS name that is made to point to this host.
 */
#ifndef TB_PROXY_LISTEN_BROWSER_GUARD_H
#define TB_PROXY_LISTEN_BROWSER_GUARD_H

#include <stdbool.h>

/* What a request says of where it comes from; NULL where the header is missing. */
struct origin_headers {
    const char *target; /* where it is in absolute-form, which says more than Host; else NULL */
    const char *host;
    const char *origin;
    const char *referer;
    const char *sec_fetch_site;
};

/*
 * 0, or the status of the refusal with its *REASON. PORT is the listener's; 0 for a Unix socket, which no
 * browser reaches: what the headers say is not judged there. Over TCP, Host is a loopback name with any port,
 * or none; Origin and Referer have the listener's. UPSTREAM is the server's URL: an absolute-form target is
 * on it, or on the listener, and Host does not count then (RFC 9112, section 3.2.2). HTTP_1_0: the request
 * may lack a Host (section 3.2).
 */
int browser_guard_check(const struct origin_headers *headers, unsigned port, const char *upstream,
                        bool http_1_0, const char **reason);

#endif
