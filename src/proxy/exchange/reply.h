/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to local programs. Each function answers the exchange; after it only its end is left. An answer
 * that has begun already, because it streams, is cut off instead.
 */
#ifndef TB_PROXY_EXCHANGE_REPLY_H
#define TB_PROXY_EXCHANGE_REPLY_H

#include "base/util.h"
#include "proxy/exchange/exchange.h"

/* ThingsBoard's own error codes (ThingsboardErrorCode). */
enum tb_error_code {
    TB_ERROR_GENERAL = 2,
    TB_ERROR_AUTHENTICATION = 10,
    TB_ERROR_PERMISSION_DENIED = 20,
    TB_ERROR_BAD_REQUEST_PARAMS = 31,
    TB_ERROR_ITEM_NOT_FOUND = 32,
};

/* The server's answer, as it is but for the headers of filter.h. DETAILS, or NULL: why tbproxyd did not
 * retry it, for Proxy-Status. */
void reply_forward(struct exchange *exchange, const char *details);

/* The same for an answer whose body goes on as it comes: status and header are there. */
void reply_stream(struct exchange *exchange);

/* An answer of the server's that no call has, as it is but for the headers of filter.h. */
void reply_transfer(struct exchange *exchange, const struct transfer *transfer);

/* What to say where no usable answer came: transfer.error. */
void reply_transfer_error(struct exchange *exchange, const struct transfer *transfer);

/* 101: HANDLER gets the connection, with ARG. HEADERS: the server's; ACCEPT: the answer to the program's key.
 */
void reply_upgrade(struct exchange *exchange, const struct headers *headers, const char *accept,
                   MHD_UpgradeHandler handler, void *arg);

/* 200, text/event-stream: READ says what, with ARG. */
void reply_events(struct exchange *exchange, MHD_ContentReaderCallback read, void *arg);

/* 426: another version of WebSocket. */
void reply_upgrade_required(struct exchange *exchange);

/* An error of tbproxyd's own, in the shape of ThingsBoard's: {"status":...,"message":...,"errorCode":...,
 * "timestamp":...}, with Proxy-Status (RFC 9209). TOKEN is an error type of that, or NULL. */
void reply_error(struct exchange *exchange, int status, const char *token, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* 503: tbproxyd itself has no room or no time for it; with Retry-After. */
void reply_busy(struct exchange *exchange, const char *format, ...) PRINTF_LIKE(2, 3);

/* 503: the server wants to be left alone for DELAY_MS; with Retry-After, in whole seconds and at least one.
 */
void reply_later(struct exchange *exchange, int64_t delay_ms, const char *format, ...) PRINTF_LIKE(3, 4);

/* 503: tbproxyd is stopping. */
void reply_stopping(struct exchange *exchange);

/* 405 with Allow. */
void reply_not_allowed(struct exchange *exchange, const char *allow);

/* Text of the media type TYPE, which the function frees. */
void reply_text(struct exchange *exchange, int status, const char *type, char *text);

/* JSON text, which the function frees, or with NULL an empty answer. */
void reply_json(struct exchange *exchange, int status, char *json);

#endif
