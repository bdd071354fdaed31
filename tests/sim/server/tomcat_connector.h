/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: libmicrohttpd, with a thread for each connection. */
#ifndef TB_SIM_TOMCAT_CONNECTOR_H
#define TB_SIM_TOMCAT_CONNECTOR_H

#include <stdint.h>

#include "sim/state/sim.h"

struct connector;

/* Listens on 127.0.0.1; PORT 0 is a free one. NULL if that fails. */
struct connector *connector_start(struct sim *sim, uint16_t port);
uint16_t connector_port(const struct connector *connector);
/* Waits for the requests in progress, which do not sleep after sim_stop(). */
void connector_stop(struct connector *connector);

#endif
