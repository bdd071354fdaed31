/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps web pages out. tbproxyd does not ask clients for a credential, so a page in a local browser must not
 * be able to use it: neither with a cross-site request, nor with a DNS name that points to this host.
 */
#ifndef TB_PROXY_LISTEN_BROWSER_GUARD_H
#define TB_PROXY_LISTEN_BROWSER_GUARD_H

#include <stdbool.h>

/* Where a request says that it comes from; NULL if the header is missing. */
struct origin_headers {
    const char *target; /* if it is in absolute-form, which overrides Host; otherwise NULL */
    const char *host;
    const char *origin;
    const char *referer;
    const char *sec_fetch_site;
    const char *service_worker; /* its script is asked for */
};

/* What a request may be for, and come from. The lists are separated by commas. */
struct guarded_listener {
    unsigned port;        /* 0: a Unix socket */
    const char *upstream; /* URL of the server */
    const char *hosts;    /* further names of the listener (listen.hosts) */
    const char *origins;  /* of web pages that may ask (listen.origins) */
};

/*
 * Returns 0, or the status of the refusal with its *REASON. No browser can use a Unix socket, so the headers
 * are not checked there. Over TCP, Host must be a loopback name or in listener->hosts, with any port or none;
 * Origin and Referer must name what Host names, or have such a name and the port of the listener, or the
 * Origin must be in listener->origins. An absolute-form target must be on the server or on the listener; Host
 * does not count then (RFC 9112, section 3.2.2). HTTP_1_0: the request may lack Host (section 3.2).
 */
int browser_guard_check(const struct origin_headers *headers, const struct guarded_listener *listener,
                        bool http_1_0, const char **reason);

#endif
