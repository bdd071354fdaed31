/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libmicrohttpd's memory for a connection can hold beside the header of the request: the header of the
 * answer. If that does not fit, libmicrohttpd closes the connection without a word.
 */
#ifndef TB_PROXY_EXCHANGE_HEADER_ROOM_H
#define TB_PROXY_EXCHANGE_HEADER_ROOM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* Memory of one connection for its header and what is read at once. */
#define CONNECTION_MEMORY_BYTES (32 * 1024)

/* So much room any answer of tbproxyd's own needs at most. */
#define HEADER_ROOM_MIN_BYTES 1024

/* A request that leaves less is not executed: half of what Tomcat's answers may have (8 KiB), and several
 * times what they do have. */
#define HEADER_ROOM_WANTED_BYTES 4096

/* Bytes of memory that libmicrohttpd has for the answer's header, once that of the request is complete. Not
 * looked at are requests that the client has sent behind this one. */
size_t header_room(struct MHD_Connection *connection);

/* Bytes of RESPONSE's header, with what libmicrohttpd itself adds to it at most. */
size_t header_room_needed(struct MHD_Response *response);

#endif
