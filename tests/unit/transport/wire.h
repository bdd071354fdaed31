/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection and the server at its other end, plain or with TLS, in one thread: the server takes its step
 * after each turn of the loop. One at a time.
 */
#ifndef TB_UNIT_WIRE_H
#define TB_UNIT_WIRE_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "transport/connection.h"
#include "transport/connector.h"
#include "unit.h"

#define WIRE_PATIENCE_MS 20000

enum wire_kind { WIRE_PLAIN, WIRE_TLS };

struct wire {
    struct loop loop;
    struct connector *connector;
    struct connection *connection;
    unsigned opened, failed, ready; /* callbacks so far */
    const unsigned *closes_in;      /* the callback of this count closes the connection */
    unsigned descriptors;           /* of the process, before the first connection */

    enum wire_kind kind;
    int listener;
    unsigned port;
    int waiting[2]; /* connections that fill the backlog; 0: none */
    int peer;       /* the accepted connection; -1: none */
    SSL_CTX *context;
    SSL *ssl;               /* of the accepted connection; NULL: plain */
    bool is_mute;           /* the server does nothing with a connection that it has accepted */
    const char *alpn;       /* what it chooses; NULL: nothing */
    const char *greeting;   /* that it sends at the end of the handshake; NULL: none */
    char offered[64];       /* what it was offered, as sent */
    const char *ca_file[2]; /* with the server's certificate; with another one */

    bool is_proxy; /* the server is also the outgoing proxy in front of it */
    bool proxy_has_tls;
    const char *proxy_answers; /* to CONNECT */
    char connect[1024];        /* the head of CONNECT */
    SSL *proxy_ssl;            /* the proxy's; NULL: plain */
};

extern struct wire wire;

#define WIRE_OTHER_CA "other"

/* The server listens on loopback. OPTIONS are for the connector, except: url is only the host (NULL:
 * 127.0.0.1); proxy is only the scheme; ca_file may be WIRE_OTHER_CA, and if NULL, is that of the server. */
void wire_begin(enum wire_kind kind, struct transport_options options);

/* Closes the connection and checks that it has left nothing behind. */
void wire_end(void);

/* The server stops listening: connections to it are refused. */
void wire_stop_listening(void);

/* The server's backlog is full, and it accepts nobody. */
void wire_fill_backlog(void);

/* One turn of the loop and a step of the server. */
void wire_turn(void);

/* Turns until CONDITION holds. */
#define WIRE_UNTIL(condition)                                                                                \
    do {                                                                                                     \
        int64_t until_ms_ = clock_boot_ms() + WIRE_PATIENCE_MS;                                              \
                                                                                                             \
        while (!(condition)) {                                                                               \
            ck_assert_msg(clock_boot_ms() < until_ms_, "never: %s", #condition);                             \
            wire_turn();                                                                                     \
        }                                                                                                    \
    } while (0)

/* Begins to connect. */
void wire_open(bool offers_http2);

/* Connects; the server is ready, too. */
void wire_begin_to_use(bool offers_http2);

/* The same, and receives until -EAGAIN. */
void wire_connect(bool offers_http2);

void wire_close(void);

/* connection_send() of one part must take all of it. */
void wire_send(const char *text);

/* Receives until the LENGTH bytes of TEXT are there. */
void wire_expect(const char *text);

/* connection_recv() of at most 64 KiB without waiting. */
int wire_recv(size_t *ret);

/* The server's side. Sending is of so little that it is taken at once; receiving returns 0 if nothing is
 * there. */
void peer_send(const char *text);
size_t peer_recv(void *data, size_t size);
void peer_expect(const char *text);
void peer_send_close_notify(void);
void peer_close(void); /* FIN */
void peer_reset(void); /* RST */

/* Waits until the kernel has EVENTS (poll()) for the connection, without a turn of the loop. */
void wire_wait_kernel(short events);

/* Makes the kernel take about BYTES of the connection's at a time, so that sending blocks soon. */
void wire_limit_buffer(int bytes);

/* Open descriptors of the process. */
unsigned wire_descriptors(void);

/* How often recv() and send() or sendmsg() were called for the connection's socket, by libcurl, too. */
extern unsigned wire_recvs, wire_sends;

/* getaddrinfo() for the name "slow.test" waits until this is called; then it resolves to 127.0.0.1. */
void wire_let_resolve(void);
extern unsigned wire_lookups; /* of "slow.test" and "quick.test" */

#endif
