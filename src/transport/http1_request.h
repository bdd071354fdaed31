/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request looks like in HTTP/1.1; included by the room only.
 */
#ifndef TB_TRANSPORT_HTTP1_REQUEST_H
#define TB_TRANSPORT_HTTP1_REQUEST_H

#include "transport/http_connection.h"
#include "transport/transfer_answer.h"

#define HTTP1_BLOCK_BYTES  65536          /* of a body from read(), sent at once */
#define HTTP1_EXPECT_BYTES (1024 * 1024L) /* larger bodies from read() are announced first */
#define HTTP1_HEAD_BYTES   (256 * 1024)

/* Appends the request line and the header of TRANSFER. EXPECTS: with Expect: 100-continue. 0, -EMSGSIZE or
 * -ENOMEM. */
int http1_write_head(const struct transport *transport, const struct transfer *transfer, bool expects,
                     struct buf *out);

#endif
