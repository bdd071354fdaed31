/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of libmicrohttpd's memory for a connection the header of the request leaves for the header of the
 * response. If that does not fit, libmicrohttpd closes the connection without a response.
 */
#ifndef TB_PROXY_EXCHANGE_HEADER_ROOM_H
#define TB_PROXY_EXCHANGE_HEADER_ROOM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* Memory of one connection: headers, and what is read at once. */
#define CONNECTION_MEMORY_BYTES (32 * 1024)

/* At most this much is needed for the header of a response of tbproxyd's own. */
#define HEADER_ROOM_MIN_BYTES 1536

/* A request that leaves less is not executed. Half of the size that Tomcat allows for the header of an answer
 * (8 KiB), and several times the usual size. */
#define HEADER_ROOM_WANTED_BYTES 4096

/* Bytes of memory that libmicrohttpd has for the header of the response, once the header of the request is
 * complete. Requests that the client has sent after this one are not counted. */
size_t header_room(struct MHD_Connection *connection);

/* Bytes of the header of RESPONSE, with all that libmicrohttpd may add to it. */
size_t header_room_needed(struct MHD_Response *response);

#endif
