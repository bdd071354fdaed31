/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ThingsBoard server that says whatever it wants, in pieces, over HTTP/1.1 or HTTP/2, as tbproxyd begins.
 * It reads what tbproxyd sends as a strict server does, so it knows whose answer it gives: that carries the
 * mark of the request (hostile_client.h).
 */
#ifndef TB_TESTS_HOSTILE_SERVER_H
#define TB_TESTS_HOSTILE_SERVER_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fifo.h"
#include "hostile_client.h"

#define SERVER_CONNECTIONS 32
#define SERVER_STREAMS     32 /* of HTTP/2 on one connection */
#define SERVER_PATH_BYTES  64

#define SERVER_KEY      "tb_key-3f1c9a7e55d0"
#define SERVER_PASSWORD "pass-91b2 word"

struct asked {
    bool is_open; /* not answered yet */
    bool is_head;
    int32_t id; /* of the stream */
    char mark[MARK_BYTES];
    char path[SERVER_PATH_BYTES]; /* its beginning */
    char key[32];                 /* of a WebSocket's handshake; "": none */
};

struct served {
    int fd;      /* -1: none */
    bool is_raw; /* bytes of the input were sent on it: which answer is whose cannot be said */
    bool has_begun;
    bool is_websocket;
    bool ends;      /* when all is sent */
    size_t allowed; /* bytes that it sends for now */
    struct fifo in, out;
    struct asked asked[SERVER_STREAMS]; /* HTTP/1.1: the first alone */
    uint64_t body_left;                 /* of the request that is read; UINT64_MAX: in chunks */
    nghttp2_hd_inflater *inflater;      /* HTTP/2 */
    bool has_preface;
    int32_t last_id;  /* of a stream */
    struct buf block; /* of a header that is not complete */
};

struct hostile_server {
    int fd;           /* listens; stays for all runs */
    bool is_polite;   /* logs in whoever asks, and says that it is no special edition */
    bool answers_all; /* every request gets an answer at once */
    bool is_away;     /* resets whoever connects */
    struct served served[SERVER_CONNECTIONS];
    struct buf token; /* that it gives */
};

/* How it answers a request. */
struct server_answer {
    unsigned status; /* one of a table */
    unsigned
        framing; /* Content-Length, chunks, the end of the connection, nothing; with a large body or not */
    unsigned header; /* one more header of a table */
};

/* Listens on a Unix socket, once. */
void server_open(struct hostile_server *server, const char *path);

/* A run begins. The rest of SERVER says how it behaves. */
void server_begin(struct hostile_server *server);

/* Accepts, sends, reads, answers what it answers by itself. Returns whether anything has moved. */
bool server_move(struct hostile_server *server);

/* The connection that WANTED, any number, chooses; ASKED: of those with a request; NULL: there is none. */
struct served *server_connection(struct hostile_server *server, unsigned wanted, bool asked);

/* Answers the request that WANTED chooses of those on SERVED, if there is one. */
void server_give(struct served *served, unsigned wanted, const struct server_answer *answer);

void server_say(struct served *served, const void *bytes, size_t length);
void server_say_frame(struct served *served, unsigned type, unsigned flags, unsigned id, const void *payload,
                      size_t length);

/* A message on a WebSocket. */
void server_say_message(struct served *served, const void *text, size_t length);

void server_end(struct served *served, enum client_end how);
void server_end_all(struct hostile_server *server);

#endif
