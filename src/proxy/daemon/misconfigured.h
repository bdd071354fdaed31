/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tbproxyd does with sockets of the service manager while its configuration has a mistake. If it ended,
 * each connection would start it again.
 */
#ifndef TB_PROXY_DAEMON_MISCONFIGURED_H
#define TB_PROXY_DAEMON_MISCONFIGURED_H

#include <stdbool.h>

/* Answers each request on the passed sockets with 503 and REASON, until SIGHUP, or SIGTERM or SIGINT. True:
 * read the configuration again. False: end. The passed sockets stay open. */
bool misconfigured_serve(const char *reason);

#endif
