/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP to the server: libcurl's multi interface on an event loop. Connections are kept and shared by all
 * transfers. One transport belongs to one loop and one thread.
 */
#ifndef TB_UPSTREAM_TRANSPORT_H
#define TB_UPSTREAM_TRANSPORT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/quota.h"
#include "http/headers.h"

struct transport;

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

/* How a transfer without a usable answer failed: for the client's status and for Proxy-Status (RFC 9209). */
struct transfer_error {
    int status;        /* 200 to 999; 0: no usable answer */
    const char *token; /* "connection_refused", ... */
};

#define TRANSFER_KEEP 1

/* One request and its answer. The caller fills the first part and keeps the structure, and all that it points
 * to, until done() was called or the transfer was cancelled. */
struct transfer {
    const char *method;
    const char *target;         /* origin-form: path and query */
    struct curl_slist *headers; /* lines "Name: value" */
    const void *body;           /* NULL: none */
    size_t body_length;
    /* Supplies the body instead of BODY, at most MAX bytes at a time; *RET is 0 at the end. Returns 0, or
     * -EAGAIN if there is nothing yet: transfer_resume() continues; another negative errno ends the transfer.
     * NULL: not used. If the body may exceed 1 MiB, the server is asked before the first part (Expect:
     * 100-continue). */
    int (*read)(struct transfer *transfer, void *data, size_t max, size_t *ret);
    int (*rewind)(struct transfer *transfer); /* returns to the first part; < 0: it cannot */
    int64_t read_length;                      /* bytes that read() supplies; -1: not known */

    int64_t timeout_ms;     /* for the whole exchange with the server; 0: no bound */
    size_t response_max;    /* most bytes of the answer's body that are kept */
    bool cut;               /* a longer body is cut there instead of being an error */
    struct quota *quota;    /* the kept bytes are taken from it; NULL: none */
    size_t reserve;         /* the first bytes, which are not taken from the quota */
    bool may_be_sent_twice; /* it may be sent again if its connection dies before an answer */
    /* Only connects. When done, the transfer has a connection of its own, on which the caller uses another
     * protocol with curl_easy_send() and curl_easy_recv() until transfer_cancel(). Never HTTP/2. */
    bool connect_only;
    void (*done)(struct transfer *transfer);
    /* Takes the body of a successful answer (2xx), part by part, when its status and headers are known. The
     * first call comes with the header and has no bytes. NULL: not used. Returns 0 if the part was taken,
     * TRANSFER_KEEP to put it into response_body, or -EAGAIN to get it again after transfer_resume(); another
     * negative errno ends the transfer. If overflows is set, it gets the rest of an answer of any status. */
    int (*write)(struct transfer *transfer, const void *data, size_t length);

    int status;              /* 100 to 999; 0: no usable answer */
    struct headers response; /* empty it before the first start, free it after the last */
    struct buf response_body;
    struct transfer_error error;  /* if status is 0 */
    char detail[CURL_ERROR_SIZE]; /* if status is 0: libcurl's message */
    int64_t started_ms;           /* boot clock */
    struct transport *transport;  /* set while under way, like the next three */
    struct list link;             /* in transport->transfers */
    CURL *easy;
    unsigned sends;            /* times that the request was sent; 0: no server has seen any of it */
    unsigned earlier_sends;    /* sends before the transfer was restarted */
    int local_port;            /* of the connection that the request was last sent on */
    bool closed_alive;         /* that connection was closed by us, not by the server */
    bool opens;                /* the transfer opens the connection, with prior knowledge of HTTP/2 */
    bool wants_connection;     /* it was denied a new connection because it is not the one that opens it */
    bool wants_restart;        /* libcurl's own retry was stopped in favour of ours */
    int64_t read_left;         /* bytes of read_length that libcurl has not taken yet; 0: that was all */
    bool has_socket;           /* a connection was begun for the transfer */
    bool waits_for_connection; /* it will share the connection that another transfer opens */
    bool answer_begun;         /* a status line has arrived */
    bool header_complete;      /* further header lines are trailers */
    bool was_cut;              /* the body was longer than response_max */
    bool overflows;            /* the quota is used up: write() gets the rest, whatever the status is */
    bool connected;            /* connect_only: the connection is established */
    bool was_paused;           /* write() returned -EAGAIN at least once */
    bool discards;             /* the transfer is ending: the rest of the body is discarded */
    const char *refusal;       /* why a callback ended the transfer */
};

/* Whether URL can be that of a server: returns 0, or -EINVAL with a message. */
int transport_check_url(const char *url, struct tb_error *err);

/* The same for an outgoing proxy; *HAS_USER: it names a user, who may have a password. */
int transport_check_proxy(const char *url, bool *has_user, struct tb_error *err);

int transport_new(struct loop *loop, const struct transport_options *options, struct transport **ret,
                  struct tb_error *err);

/* The value of the Host header, "host" or "host:port"; and the path in front of every target. */
const char *transport_host(const struct transport *transport);
const char *transport_prefix(const struct transport *transport);

/* Reads the CA certificates again, and verifies every server with them. */
void transport_reload_certificates(struct transport *transport);

/* No transfer may be under way. */
void transport_free(struct transport *transport);

/* Sends the request. Returns 0 or -ENOMEM; done() is called later by transport_run(), never from here. */
int transfer_start(struct transport *transport, struct transfer *transfer);

/* Ends it without calling done(). Harmless if it is not under way. */
void transfer_cancel(struct transfer *transfer);

/* The socket of a connection made with connect_only: the caller watches it until transfer_cancel(), which
 * closes it. -ENOTCONN: it is lost already. */
int transfer_take_socket(struct transport *transport, struct transfer *transfer);

/* Continues a transfer whose read() or write() returned -EAGAIN. */
void transfer_resume(struct transfer *transfer);

/* Drops the bytes of the answer's body that have come. */
void transfer_clear_body(struct transfer *transfer);

/* Whether there is no answer because of a certificate, the server's or ours, or of TLS itself. */
bool transfer_failed_in_tls(const struct transfer *transfer);

/* Whether the server certainly has not executed a failed request: no part of it was sent. */
bool transfer_was_not_sent(const struct transfer *transfer);

/* Frees what the answer holds. The transfer must not be under way. */
void transfer_free(struct transfer *transfer);

/* Does what is due before the loop sleeps: starts new transfers, calls done() for those that ended. */
void transport_run(struct transport *transport);

/* How many transfers the server takes at a time: as many as there can be connections, or streams if it is
 * known to use HTTP/2. */
unsigned transport_capacity(const struct transport *transport);

/* Whether transfers share a connection: the server uses HTTP/2, or that is not known yet. */
bool transport_may_share(const struct transport *transport);

/* TRANSPORT learns from OTHER, which is to the same server, whether that uses HTTP/2. */
void transport_learn_from(struct transport *transport, const struct transport *other);

/* Whether transport_run() has something to do already: the loop must not sleep. */
bool transport_is_pending(const struct transport *transport);

#endif
