/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a request: checked, and its part that goes on to the server copied.
 */
#ifndef TB_PROXY_LISTEN_REQUEST_HEADER_H
#define TB_PROXY_LISTEN_REQUEST_HEADER_H

#include "proxy/exchange/exchange.h"
#include "proxy/listen/browser_guard.h"

#define REQUEST_HEADER_CONNECTION_MAX_BYTES 512 /* the values of all Connection headers */

/* Texts are in libmicrohttpd's memory of the connection; NULL if the header is missing. */
struct request_header {
    struct exchange *exchange;
    struct origin_headers origin;
    const char *content_length;
    const char *transfer_encoding;
    const char *expect;
    const char *content_type;
    const char *upgrade;          /* the first */
    const char *requested_method; /* of a preflight */
    char connection[REQUEST_HEADER_CONNECTION_MAX_BYTES];
    bool http_1_0;
    bool is_ambiguous; /* the end of the request can be read in two ways */
};

/*
 * Reads the header of header->exchange, the only member that is set. Fills exchange->head and the length of
 * the body; or refuses the exchange, and the first reason counts.
 */
void request_header_read(struct request_header *header, const char *method, const char *version);

/* Refuses a request whose header and trailers leave too little memory for the header of the response. */
void request_header_check_room(struct exchange *exchange);

#endif
