/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a connection share; included by them only: connection.c (its life, its events, sending
 * and receiving), connection_open.c (libcurl connects), connection_tls.c.
 */
#ifndef TB_TRANSPORT_CONNECTION_PRIVATE_H
#define TB_TRANSPORT_CONNECTION_PRIVATE_H

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "base/fifo.h"
#include "base/list.h"
#include "transport/connection.h"
#include "transport/connector_private.h"

struct connection_private {
    struct connection connection; /* what the owner sees */
    struct connector *connector;
    bool offers_http2;

    /* libcurl: until the connection is open; with TLS, until it is closed. A multi handle of its own, because
     * curl_easy_send() and curl_easy_recv() look for their connection among all of a multi handle. */
    CURLM *multi;
    CURL *easy;
    struct connector_caches *caches; /* that the handle uses */
    struct list sockets;             /* that libcurl waits for */
    struct timer timer;              /* libcurl's */
    int socket_error;                /* errno: no socket could be made */

    /* Once it is open. */
    struct watch watch; /* fd: -1 before */
    bool is_readable;   /* receiving may be worth while */
    bool is_writable;   /* so may sending */
    bool is_ending;     /* the peer has sent its last byte, or the connection is lost */
    struct fifo unread; /* goes before what is received */

    /* TLS. */
    SSL *
        ssl; /* libcurl's, after its handshake; the server's, if an outgoing proxy has TLS, too; NULL: none */
    bool is_drained; /* the last read took all that the kernel had */
};

/* connection_open.c */

/* Lets libcurl close and free all that it has of the connection, but without TLS not the socket in
 * own->watch. */
void connection_free_libcurl(struct connection_private *own);

/* connection.c */

/* The connection is made: its socket is watched from now on, and the owner hears of it. */
void connection_opened(struct connection_private *own);

/* It cannot be made. DETAIL is in the connection already. */
void connection_failed(struct connection_private *own, struct transfer_error error);

/* connection_tls.c */

/* Sets what libcurl needs so that TLS is as this file wants it. */
void connection_prepare_tls(struct connection_private *own);

/* As connection_send() and connection_recv(). */
int connection_send_tls(struct connection_private *own, const struct iovec *parts, int count, size_t *ret);
int connection_recv_tls(struct connection_private *own, void *data, size_t size, size_t *ret);

#endif
