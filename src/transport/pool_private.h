/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the pool share; included by them only: pool.c (its life, and which connection a transfer
 * takes), pool_connection.c, pool_open.c, pool_transfer.c.
 */
#ifndef TB_TRANSPORT_POOL_PRIVATE_H
#define TB_TRANSPORT_POOL_PRIVATE_H

#include "transport/pool.h"

/* pool_connection.c */

/* It is open, and no transfer is on it. */
bool pool_is_idle(const struct http_connection *connection);

/* An HTTP/2 connection that is silent although it was asked for a sign of life. */
bool pool_is_silent(const struct http_connection *connection);

/* Puts it where it belongs: to those that take a transfer, in front, or to the others. */
void pool_place(struct http_connection *connection);

/* TRANSFER is on the connection from now on; or not any more. */
void pool_enter(struct http_connection *connection, struct transfer *transfer);
void pool_leave(struct http_connection *connection, struct transfer *transfer);

/* pool_transfer.c */

/* STREAM could not be opened: ends the first transfer that waits for a connection. If none is left that could
 * take one, ends all of them, or each would try to make a connection, one after the other. */
void pool_fail_waiting(struct transport *transport, const struct connection *stream);

/* pool_open.c */

bool pool_uses_http2(const struct transport *transport);

/* Begins to open a connection. 0 or -ENOMEM. */
int pool_open_connection(struct transport *transport, bool is_upgrade, struct http_connection **ret);

#endif
