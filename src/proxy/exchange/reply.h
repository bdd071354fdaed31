/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses to local programs. Each function responds; afterwards only the end of the exchange is left. A
 * response that has begun already, because it streams, is cut off instead.
 */
#ifndef TB_PROXY_EXCHANGE_REPLY_H
#define TB_PROXY_EXCHANGE_REPLY_H

#include "base/util.h"
#include "http/proxy_status.h"
#include "proxy/exchange/exchange.h"

/* An error of tbproxyd's own, in the shape of ThingsBoard's: {"status":...,"message":...,"errorCode":...,
 * "timestamp":...}, with Proxy-Status. TOKEN is an error type of http/proxy_status.h, or NULL. */
void reply_error(struct exchange *exchange, int status, const char *token, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The request is refused because of what it is. */
void reply_refused(struct exchange *exchange, int status, const char *reason);

/* The same with what exchange_refuse() was given. */
void reply_held(struct exchange *exchange);

/* 503, with Retry-After: tbproxyd itself has no room or no time for it. DELAY_MS: when there may be; 0: that
 * is not known. */
void reply_busy(struct exchange *exchange, int64_t delay_ms, const char *format, ...) PRINTF_LIKE(3, 4);

/* 503, with Retry-After: the server wants to be left alone for DELAY_MS. */
void reply_later(struct exchange *exchange, int64_t delay_ms, const char *format, ...) PRINTF_LIKE(3, 4);

/* 503: there is no memory. */
void reply_no_memory(struct exchange *exchange);

/* 503: tbproxyd is stopping. */
void reply_stopping(struct exchange *exchange);

/* 405 with Allow. */
void reply_not_allowed(struct exchange *exchange, const char *allow);

/* 426: another version of WebSocket. */
void reply_upgrade_required(struct exchange *exchange);

/* Text of the media type TYPE, which is freed here. */
void reply_text(struct exchange *exchange, int status, const char *type, char *text);

/* JSON text, which is freed here; NULL: an empty response. */
void reply_json(struct exchange *exchange, int status, char *json);

/* 200, text/event-stream: READ gives its bytes, with ARG. */
void reply_events(struct exchange *exchange, MHD_ContentReaderCallback read, void *arg);

#endif
