/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses to clients. Each function responds to the exchange, which then only has to end. If a response has
 * begun already (it streams, or is early), it is cut off instead.
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

/* The request is not acceptable. */
void reply_refused(struct exchange *exchange, int status, const char *reason);

/* The same, with the arguments of exchange_refuse(). */
void reply_held(struct exchange *exchange);

/* 503 with Retry-After: tbproxyd has no room or no time for the request. DELAY_MS: when it may have; 0: not
 * known. */
void reply_busy(struct exchange *exchange, int64_t delay_ms, const char *format, ...) PRINTF_LIKE(3, 4);

/* 503 with Retry-After: the server must not be called for DELAY_MS. */
void reply_later(struct exchange *exchange, int64_t delay_ms, const char *format, ...) PRINTF_LIKE(3, 4);

/* 503: out of memory. */
void reply_no_memory(struct exchange *exchange);

/* 503: tbproxyd is stopping. */
void reply_stopping(struct exchange *exchange);

/* 405 with Allow. */
void reply_not_allowed(struct exchange *exchange, const char *allow);

/* 204: a page may send a request with the methods ALLOW. respond.h names the page. */
void reply_preflight(struct exchange *exchange, const char *allow);

/* 426: the client asks for another version of WebSocket. */
void reply_upgrade_required(struct exchange *exchange);

/* TEXT, which is freed here, of the media type TYPE. */
void reply_text(struct exchange *exchange, int status, const char *type, char *text);

/* JSON, which is freed here. NULL: there was no memory for it. */
void reply_json(struct exchange *exchange, int status, char *json);

/* STATUS without a body: the request will be executed; LOCATION says what becomes of it. */
void reply_accepted(struct exchange *exchange, int status, const char *location);

void reply_empty(struct exchange *exchange, int status);

/* 200, text/event-stream. READ, called with ARG, gives the body. */
void reply_events(struct exchange *exchange, MHD_ContentReaderCallback read, void *arg);

#endif
