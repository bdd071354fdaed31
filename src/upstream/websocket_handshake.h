/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a WebSocket's opening handshake (RFC 6455, section 4): the header lines of the
 * request, and whether a 101 answers it. Does no I/O.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_HANDSHAKE_H
#define TB_UPSTREAM_WEBSOCKET_HANDSHAKE_H

#include "http/headers.h"

#define HANDSHAKE_REQUEST_BYTES 32768
#define HANDSHAKE_KEY_CHARS     24 /* Sec-WebSocket-Key: base64 of 16 bytes */
#define HANDSHAKE_ACCEPT_CHARS  28 /* Sec-WebSocket-Accept: base64 of a SHA-1 */

/* Zeroed memory is an empty one. */
struct handshake {
    char key[HANDSHAKE_KEY_CHARS + 1];
    bool asked_for_protocol, asked_for_extensions;
    struct headers lines; /* of the request */
    const char **list;    /* the same, ended by NULL */
};

/* Makes the lines of the request; HEADERS: further ones, ended by NULL; NULL: none. Returns 0; -ENOMEM;
 * -EMSGSIZE if they are larger than HANDSHAKE_REQUEST_BYTES; -EIO if there are no random numbers. */
int handshake_begin(struct handshake *handshake, const char *const *headers);

/* What is wrong with a 101 whose header is RESPONSE; NULL: nothing. */
const char *handshake_fault(const struct handshake *handshake, const struct headers *response);

void handshake_free(struct handshake *handshake);

/* The answer to a Sec-WebSocket-Key (RFC 6455, section 4.2.2, step 5.4). */
void handshake_accept(const char *key, char ret[HANDSHAKE_ACCEPT_CHARS + 1]);

#endif
