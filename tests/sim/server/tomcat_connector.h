/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side: libmicrohttpd, one thread for each connection. */
#pragma once

#include <stdint.h>

#include "sim/state/sim.h"

struct server;

/* Listens on 127.0.0.1; port 0 takes a free one. NULL if that fails. */
struct server *server_start(struct sim *sim, uint16_t port);
uint16_t server_port(const struct server *server);
/* Waits for the requests in progress, whose sleeps sim_stop() cut short. */
void server_stop(struct server *server);
