/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of HTTP/1.1 share; included by them only: http1.c (a connection's life, the end of a
 * request), http1_send.c, http1_receive.c.
 */
#ifndef TB_TRANSPORT_HTTP1_PRIVATE_H
#define TB_TRANSPORT_HTTP1_PRIVATE_H

#include "http/response_reader.h"
#include "transport/http_connection.h"

#define HTTP1_EXPECT_MS 1000 /* for the 100, and up to a tick more (RFC 9110, section 10.1.1) */

struct http1 {
    struct response_reader reader;
    struct transfer *transfer; /* NULL: none is under way */
    struct buf head;           /* of the request */
    size_t head_sent;
    size_t body_sent; /* of transfer->body */
    char *block;      /* of a body from read(), with the chunk's framing */
    size_t block_sent, block_length;
    int64_t read_left;    /* bytes of read_length still to come; -1: not known */
    bool body_ended;      /* read() has given all, or the body is no longer wanted */
    bool has_sent;        /* some byte of the request */
    bool is_sent;         /* all of the request */
    bool cannot_send;     /* the server takes no more; it may have answered nevertheless */
    bool expects;         /* the request has Expect: 100-continue */
    int64_t expect_until; /* the body waits for a 100; 0: it does not. Boot clock */
};

/* http1.c */

/* The request under way fails, and the connection with it. Without TOKEN, with the error that the transfer
 * has. */
void http1_fail(struct http_connection *connection, enum transfer_knowledge knowledge, const char *token,
                const char *format, ...) PRINTF_LIKE(4, 5);

/* The whole answer has come, and LEFT bytes at REST after it that nobody asked for. */
void http1_answered(struct http_connection *connection, const char *rest, size_t left);

/* The connection ended, or is of no more use: what is under way is judged. */
void http1_lose(struct http_connection *connection, const char *reason);

/* The rest of the answer is not wanted, because of ERROR of transfer_body_arrived(). */
void http1_not_wanted(struct http_connection *connection, int error);

/* http1_send.c */

/* http_protocol.send. */
int http1_send(struct http_connection *connection, struct transfer *transfer);

/* Sends what can be sent now. */
void http1_go_on_sending(struct http_connection *connection);

/* http1_receive.c */

/* Receives what has come, but stops after some time, so that others have their turn. */
void http1_receive(struct http_connection *connection);

#endif
