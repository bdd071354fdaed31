/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JWT that a WebSocket authenticates with: the server takes nothing else there. With a password or a
 * token it is the session's own. With an API key it is asked for, GET /api/user/{own id}/token, kept until
 * shortly before its end, and forgotten when the server refuses it.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_TOKEN_H
#define TB_UPSTREAM_WEBSOCKET_TOKEN_H

#include "upstream/request.h"

/* Of a token that was asked for, so much of its life is left for the way to the server and its clock. */
#define WEBSOCKET_TOKEN_MARGIN_MS 30000

/* Refusals that follow each other this soon are not cured by another token: the session holds its renewals
 * back, and no new token is asked for. */
#define WEBSOCKET_TOKEN_REFUSALS_MS 10000

/* One for each upstream. Memory of zeros before websocket_token_init(). */
struct websocket_token {
    struct upstream *upstream;
    const struct request_options *options;
    struct list waiting; /* for the answer */
    struct request request;
    struct headers headers;
    char target[80];
    char *token; /* that the API key got; NULL: none */
    int64_t expires_ms;
    uint64_t
        credential; /* generation of the API key that it was asked for with: another one is another user's */
    uint64_t generation; /* counts tokens that the API key got */
    int64_t refused_ms;  /* when one was last refused; boot clock, 0: never */
};

/* One who wants a token; memory of zeros but for done(). */
struct websocket_token_wait {
    /* TOKEN is valid for the duration of the call; NULL: there is none, and FAILED tells why: the request
     * that failed, whatever its outcome (an answer without a token, too). Called once, perhaps before
     * websocket_token_get() returns. */
    void (*done)(struct websocket_token_wait *wait, const char *token, const struct request *failed);
    uint64_t generation; /* of the token, for websocket_token_refused() */
    struct websocket_token *websocket_token;
    struct list link;
    struct request request; /* waits for the session */
};

void websocket_token_init(struct websocket_token *websocket_token, struct upstream *upstream,
                          const struct request_options *options);

/* Waits for the session as all requests do, and for the token. */
void websocket_token_get(struct websocket_token *websocket_token, struct websocket_token_wait *wait);

/* Ends the waiting without a call of done(). Harmless where it is over or never began. */
void websocket_token_cancel(struct websocket_token_wait *wait);

/* The server refused the token of GENERATION: it is renewed or forgotten. */
void websocket_token_refused(struct websocket_token *websocket_token, uint64_t generation);

/* Nobody may be waiting. */
void websocket_token_close(struct websocket_token *websocket_token);

#endif
