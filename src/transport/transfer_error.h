/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why there is no usable answer: for the client's status, for Proxy-Status (RFC 9209) and for people.
 */
#ifndef TB_TRANSPORT_TRANSFER_ERROR_H
#define TB_TRANSPORT_TRANSFER_ERROR_H

#define TRANSFER_DETAIL_BYTES 256

struct transfer_error {
    int status;        /* for the client: 502 or 504 */
    const char *token; /* a proxy error type of RFC 9209, section 2.3: "connection_refused", ... */
};

#endif
