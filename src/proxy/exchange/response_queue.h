/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives responses to libmicrohttpd, and makes its own error pages JSON.
 */
#ifndef TB_PROXY_EXCHANGE_RESPONSE_QUEUE_H
#define TB_PROXY_EXCHANGE_RESPONSE_QUEUE_H

#include <microhttpd.h>

/* What MHD_queue_response() does. Do not call that for a response of tbproxyd's own. */
enum MHD_Result response_queue(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response);

#endif
