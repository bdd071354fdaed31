/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/error_response.h"
#include "json/json_write.h"

#include <jansson.h>

/* ThingsBoard's own error codes (ThingsboardErrorCode). */
enum error_code {
    ERROR_GENERAL = 2,
    ERROR_AUTHENTICATION = 10,
    ERROR_PERMISSION_DENIED = 20,
    ERROR_BAD_REQUEST_PARAMS = 31,
    ERROR_ITEM_NOT_FOUND = 32,
};

static enum error_code error_code(int status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 414:
    case 421:
    case 426:
    case 431:
        return ERROR_BAD_REQUEST_PARAMS;
    case 401:
        return ERROR_AUTHENTICATION;
    case 403:
        return ERROR_PERMISSION_DENIED;
    case 404:
        return ERROR_ITEM_NOT_FOUND;
    default:
        return ERROR_GENERAL;
    }
}

struct response error_response(int status, const char *message)
{
    /* A reason from a server may be ISO-8859-1. */
    json_t *text = json_string(message);
    json_t *error = json_pack("{s:i,s:o,s:i,s:I}", "status", status, "message",
                              text ? text : json_string("(text that is not UTF-8)"), "errorCode",
                              (int)error_code(status), "timestamp", (json_int_t)clock_wall_ms());
    char *body = json_write_text(error, JSON_COMPACT);
    struct response response = {0};

    json_decref(error);
    if (body)
        response = response_from_buffer(body, strlen(body), MHD_RESPMEM_MUST_FREE);
    response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    response.reason = message;
    return response;
}
