/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a WebSocket's opening handshake (RFC 6455, section 4), as bytes: writes the request
 * and reads the answer piece by piece. Does no I/O.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_HANDSHAKE_H
#define TB_UPSTREAM_WEBSOCKET_HANDSHAKE_H

#include "base/fifo.h"
#include "upstream/transport.h"

#define HANDSHAKE_HEADER_BYTES 32768 /* of the answer */
#define HANDSHAKE_BODY_BYTES   65536 /* of an answer that is not 101, with its framing */
#define HANDSHAKE_IN_BYTES     (2 * (HANDSHAKE_HEADER_BYTES + HANDSHAKE_BODY_BYTES)) /* and interim ones */
#define HANDSHAKE_KEY_CHARS    24 /* Sec-WebSocket-Key: base64 of 16 bytes */
#define HANDSHAKE_ACCEPT_CHARS 28 /* Sec-WebSocket-Accept: base64 of a SHA-1 */

struct handshake {
    char key[HANDSHAKE_KEY_CHARS + 1];
    bool asked_for_protocol, asked_for_extensions;
    size_t received; /* bytes of the answer */
    struct fifo in;  /* what was not used yet: after the answer, the first frames */
};

/* Writes the request to OUT. HEADERS: further lines "Name: value". Returns 0; -ENOMEM; -EMSGSIZE if it does
 * not fit into OUT; -EINVAL if TARGET or a line contains a line end; -EIO if there are no random numbers. */
int handshake_write(struct handshake *handshake, const char *host, const char *prefix, const char *target,
                    const struct curl_slist *headers, struct buf *out);

/* LENGTH more bytes of the answer have come; 0: its end. Returns 0 if more is wanted; 1 if it is complete:
 * TRANSFER has status, response and response_body, and a 101 is verified; -EBADMSG if it is not a valid
 * answer: TRANSFER has error and detail. */
int handshake_read(struct handshake *handshake, struct transfer *transfer, const void *data, size_t length);

void handshake_free(struct handshake *handshake);

/* The answer to a Sec-WebSocket-Key (RFC 6455, section 4.2.2, step 5.4). */
void handshake_accept(const char *key, char ret[HANDSHAKE_ACCEPT_CHARS + 1]);

#endif
