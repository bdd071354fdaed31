/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a server is reached.
 */
#ifndef TB_TRANSPORT_OPTIONS_H
#define TB_TRANSPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* When HTTP/2 is used with the server. */
enum http2_mode {
    HTTP2_AUTO,            /* over TLS, if both sides want it (ALPN) */
    HTTP2_OFF,             /* never */
    HTTP2_PRIOR_KNOWLEDGE, /* from the start, without TLS too (RFC 9113, section 3.3); with TLS by ALPN */
};

struct transport_options {
    const char *url; /* http://host[:port][/prefix]; the prefix goes in front of every target */
    int64_t connect_timeout_ms;
    long max_connections; /* at a time; further transfers wait for a free one; 0: no bound */
    long max_streams;     /* transfers at a time on an HTTP/2 connection; fewer if the server says so */
    enum http2_mode http2;
    int64_t idle_ms;          /* after this time without a transfer, a connection is closed; 0: 50 s */
    size_t max_window_growth; /* bytes that HTTP/2 windows may grow by together */

    /* NULL: none. The strings are copied. */
    const char *unix_socket;      /* connect to this path instead of the URL's host */
    const char *ca_file;          /* PEM, instead of the system's certificates */
    const char *certificate_file; /* PEM, the client's own; with key_file */
    const char *key_file;
    bool no_verify; /* accept any certificate */
    bool tls_1_3;   /* at least 1.3 instead of 1.2 */

    const char *proxy; /* [http|https|socks5h]://[user@]host:port, that connections are made through */
    const char *proxy_password;
};

/* Whether URL can be that of a server: returns 0, or -EINVAL with a message. */
int transport_check_url(const char *url, struct tb_error *err);

/* The same for an outgoing proxy; *HAS_USER: it names a user, who may have a password. */
int transport_check_proxy(const char *url, bool *has_user, struct tb_error *err);

/* The path of URL, which goes in front of every target: "" for http://host/, "/tb" for http://host/tb/. To be
 * freed. Returns 0, or -EINVAL or -ENOMEM with a message. */
int transport_url_prefix(const char *url, char **ret, struct tb_error *err);

/* The authority of URL, which transport_url_prefix() has accepted: the value of the Host header, "host" or
 * "host:port". To be freed. Returns 0 or -ENOMEM. */
int transport_url_host(const char *url, char **ret);

#endif
