/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the daemon's messages go, and in which form.
 */
#ifndef TB_PROXY_DAEMON_LOG_FORMAT_H
#define TB_PROXY_DAEMON_LOG_FORMAT_H

#include "proxy/config/config.h"

/* Applies log.level and log.format. At the start, and after a reload. */
void log_configure(const struct config *config);

#endif
