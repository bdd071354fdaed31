/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error that is written to a connection past libmicrohttpd, when that takes no response.
 */
#ifndef TB_PROXY_EXCHANGE_RAW_ERROR_H
#define TB_PROXY_EXCHANGE_RAW_ERROR_H

/* Sends it if the socket has room. The caller closes the connection, on which nothing else was sent for this
 * request. STATUS is 400 or more; with 503 the client is told to try again. */
void raw_error_send(int fd, int status, const char *message);

#endif
