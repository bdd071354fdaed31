/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opening handshake of a WebSocket (RFC 6455, section 4), the client's side, as bytes: the request is
 * written, the answer read piece by piece. No input or output of its own.
 */
#ifndef TB_UPSTREAM_WEBSOCKET_HANDSHAKE_H
#define TB_UPSTREAM_WEBSOCKET_HANDSHAKE_H

#include "base/fifo.h"
#include "upstream/transport.h"

#define HANDSHAKE_HEADER_BYTES 32768 /* of the answer */
#define HANDSHAKE_BODY_BYTES   65536 /* of an answer that is not 101, as it is framed */
#define HANDSHAKE_IN_BYTES     (2 * (HANDSHAKE_HEADER_BYTES + HANDSHAKE_BODY_BYTES)) /* and interim ones */
#define HANDSHAKE_KEY_CHARS    24 /* Sec-WebSocket-Key: base64 of 16 bytes */
#define HANDSHAKE_ACCEPT_CHARS 28 /* Sec-WebSocket-Accept: base64 of a SHA-1 */

struct handshake {
    char key[HANDSHAKE_KEY_CHARS + 1];
    bool asked_for_protocol, asked_for_extensions;
    size_t received; /* bytes of the answer */
    struct fifo in;  /* what was not used yet: after the answer, the first frames */
};

/* Begins one: writes the request to OUT. HEADERS: further lines "Name: value". 0; -ENOMEM; -EMSGSIZE where it
 * does not fit into OUT; -EINVAL where TARGET or a line would end before its end; -EIO without random
 * numbers. */
int handshake_write(struct handshake *handshake, const char *host, const char *prefix, const char *target,
                    const struct curl_slist *headers, struct buf *out);

/* LENGTH more bytes of the answer have come, or with 0 its end. 0: more of it is wanted. 1: it is complete:
 * TRANSFER has status, response and response_body; a status of 101 is verified. -EBADMSG: it is none;
 * TRANSFER has error and detail. */
int handshake_read(struct handshake *handshake, struct transfer *transfer, const void *data, size_t length);

void handshake_free(struct handshake *handshake);

/* The answer to a Sec-WebSocket-Key (RFC 6455, section 4.2.2, step 5.4). */
void handshake_accept(const char *key, char ret[HANDSHAKE_ACCEPT_CHARS + 1]);

#endif
