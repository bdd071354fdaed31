/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /-/spool/NUMBER: what became of a write, for the user who wrote it, and for administrators. /-/spool and
 * what is below it: for administrators, who look at rows, let them wait again, and drop them, a page in each
 * request. The answer comes when the writer's work is done, so "dropped" is on the disk.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_PAGE_H
#define TB_PROXY_SPOOL_SPOOL_PAGE_H

#include "proxy/exchange/handler.h"

extern const struct handler spool_page_handler;

#endif
