/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status page of the admin address: page.html, page.css, page.js and, for its browser of operations,
 * operations.json, which gen/tbgen makes. All are part of the program. The page shows what /-/events sends.
 */
#ifndef TB_PROXY_STATUS_PAGE_H
#define TB_PROXY_STATUS_PAGE_H

#include "proxy/exchange/handler.h"

extern const struct handler page_handler;

#endif
