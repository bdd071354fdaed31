/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /-/trace: requests as they are answered (exchange/trace.h), as server-sent events "request". A reader
 * that is too slow misses some; then an event "lost" says how many: {"lost": 7}.
 */
#ifndef TB_PROXY_STATUS_TRACE_STREAM_H
#define TB_PROXY_STATUS_TRACE_STREAM_H

#include "proxy/exchange/handler.h"

#define TRACE_STREAMS_MAX  4
#define TRACE_STREAM_BYTES (256 * 1024) /* waiting for the reader */

extern const struct handler trace_stream_handler;

#endif
