/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection takes from its connector; included by connector.c and the files of a connection only.
 */
#ifndef TB_TRANSPORT_CONNECTOR_PRIVATE_H
#define TB_TRANSPORT_CONNECTOR_PRIVATE_H

#include <curl/curl.h>

#include "transport/certificates.h"
#include "transport/connector.h"

/* libcurl's cache of names and of TLS sessions. */
struct connector_caches {
    CURLSH *share;
    unsigned users; /* the connector, while it gives them out, and connections */
};

struct connector {
    struct loop *loop;
    char *url;
    int64_t connect_timeout_ms;
    bool no_verify;
    bool tls_1_3;
    char *unix_socket, *ca_file, *certificate_file, *key_file; /* NULL: none */
    char *proxy, *proxy_user, *proxy_password;                 /* NULL: none; the first without the second */
    bool proxy_is_tls;
    struct certificates certificates;       /* of the server */
    struct certificates proxy_certificates; /* of a proxy with TLS: always the system's */
    struct connector_caches *caches;        /* NULL: none yet */
    struct connector_bytes bytes;
};

/* A handle with all that does not depend on the connection, and the caches that it uses, to be released after
 * it. 0 or -ENOMEM. */
int connector_new_handle(struct connector *connector, CURL **ret, struct connector_caches **ret_caches);

/* The next connection resolves the name, and resumes no TLS session. */
void connector_forget(struct connector *connector);

void connector_release_caches(struct connector_caches *caches);

#endif
