/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the spool of tbproxyd says, for people.
 */
#ifndef TB_CTL_SPOOL_PRINT_H
#define TB_CTL_SPOOL_PRINT_H

#include "ctl/daemon_status.h"

/* A page of rows, and a write with its parts. */
extern const struct status_part spool_page_part, spool_write_part;

void spool_print_head(void);

#endif
