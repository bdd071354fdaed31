/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are in the file although the spool is off.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_LEFT_H
#define TB_PROXY_SPOOL_SPOOL_LEFT_H

#include "proxy/config/config.h"

/* Logs a warning if there are any. A file that cannot be read says nothing. */
void spool_left_tell(const struct config *config);

#endif
