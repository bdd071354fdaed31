/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a reply on the wire. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

/* Queues the reply; takes its body over. MHD_NO: the connection is to be closed without an answer. */
enum MHD_Result respond(const struct request *rq, struct reply *rp, bool last);
