/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JWT that a WebSocket authenticates with: the server accepts nothing else there. With a password or a
 * token it is the session's own. With an API key it is requested by GET /api/user/{own id}/token, kept until
 * shortly before its end, and forgotten when the server refuses it. Belongs to the upstream's loop.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_TOKEN_H
#define TB_UPSTREAM_WEBSOCKET_TOKEN_H

#include "upstream/request.h"

/* How long before its end a token is no longer used: for the way to the server, and its clock. */
#define WEBSOCKET_TOKEN_MARGIN_MS 30000

/* Another token does not help if refusals follow each other this soon: the session holds back its renewals,
 * and no new token is requested. */
#define WEBSOCKET_TOKEN_REFUSALS_MS 10000

/* One for each upstream. Must be zeroed before websocket_token_init(). */
struct websocket_token {
    struct upstream *upstream;
    const struct request_options *options;
    struct list waiting; /* for the answer to the request */
    struct request request;
    struct headers headers;
    char target[80];
    char *text; /* obtained with the API key; NULL: none */
    int64_t expires_ms;
    uint64_t credential; /* generation of the API key used for that; another key may be another user's */
    uint64_t generation; /* counts the tokens obtained */
    int64_t refused_ms;  /* when one was last refused; boot clock, 0: never */
};

/* Waits for a token. Must be zeroed, except for done(). */
struct websocket_token_wait {
    /* TOKEN is valid during the call. NULL: there is none, and FAILED is the request that failed, whatever
     * its outcome (also an answer without a token). Called once, perhaps before websocket_token_get()
     * returns. */
    void (*done)(struct websocket_token_wait *wait, const char *token, const struct request *failed);
    uint64_t generation; /* of the token, for websocket_token_refused() */
    struct websocket_token *owner;
    struct list link;
    struct request request; /* waits for the session */
};

void websocket_token_init(struct websocket_token *token, struct upstream *upstream,
                          const struct request_options *options);

/* Waits for the session as all requests do, and for the token. */
void websocket_token_get(struct websocket_token *token, struct websocket_token_wait *wait);

/* Ends the wait without calling done(). Harmless if it is over or never began. */
void websocket_token_cancel(struct websocket_token_wait *wait);

/* The server refused the token of GENERATION: it is renewed or forgotten. */
void websocket_token_refused(struct websocket_token *token, uint64_t generation);

/* Nothing may be waiting. Harmless if it was never opened. */
void websocket_token_close(struct websocket_token *token);

#endif
