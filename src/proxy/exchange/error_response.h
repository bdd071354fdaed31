/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error of tbproxyd's own as a response, in the shape of ThingsBoard's: {"status":...,"message":...,
 * "errorCode":...,"timestamp":...}.
 */
#ifndef TB_PROXY_EXCHANGE_ERROR_RESPONSE_H
#define TB_PROXY_EXCHANGE_ERROR_RESPONSE_H

#include "proxy/exchange/response.h"

/* STATUS is 400 or more; the errorCode follows from it. */
struct response error_response(int status, const char *message);

#endif
