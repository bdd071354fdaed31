/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport; included by the room only.
 */
#ifndef TB_TRANSPORT_TRANSPORT_PRIVATE_H
#define TB_TRANSPORT_TRANSPORT_PRIVATE_H

#include "transport/connector.h"
#include "transport/http_connection.h"
#include "transport/transport.h"

/* Of a server, as far as its connections have shown. */
enum http_version { VERSION_UNKNOWN, VERSION_1, VERSION_2 };

struct transport {
    struct loop *loop;
    struct transport_options options; /* the numbers; its pointers are not used */
    struct connector *connector;
    bool is_tls;
    char *host, *prefix;
    enum http_version version;
    unsigned bad_http2;     /* connections in a row that ended by a fault of the server's HTTP/2 */
    int64_t http1_until_ms; /* HTTP/2 is not used before; 0: it is */
    size_t window_growth;   /* of all HTTP/2 windows together */

    struct list usable; /* connections that take a transfer now, the one that answered last in front */
    struct list full;   /* open, but take none now */
    struct list opening;
    struct list lost; /* to be freed */
    unsigned connection_count, opening_count;
    uint64_t opened_count; /* so far, also those that could not be made */

    struct list waiting; /* transfers without a connection */
    unsigned waiting_count;
    struct list draining; /* whole answers that write() has not taken yet */
    struct list ended;    /* done() is due */
    struct list flushes;  /* connections */
    struct timer tick;
    struct timer pause;   /* nothing is sent, because the server refuses requests again and again */
    unsigned pause_count; /* since the last answer */
};

#endif
