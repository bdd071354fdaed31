/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/raw_error.h"

#include <stdio.h>
#include <sys/socket.h>

#include "http/proxy_status.h"
#include "proxy/exchange/error_response.h"

#define RAW_ERROR_MAX_BYTES 1024

void raw_error_send(int fd, int status, const char *message)
{
    struct response response = error_response(status, message);
    char text[RAW_ERROR_MAX_BYTES];
    int length;

    if (!response.mhd)
        return;
    length = snprintf(text, sizeof(text),
                      "HTTP/1.1 %d %s\r\n"
                      "Content-Type: application/json\r\n"
                      "Proxy-Status: tbproxyd; error=%s\r\n"
                      "%sConnection: close\r\nContent-Length: %zu\r\n\r\n%.*s",
                      status, MHD_get_reason_phrase_for((unsigned)status),
                      status == 503 ? PROXY_STATUS_INTERNAL : PROXY_STATUS_DENIED,
                      status == 503 ? "Retry-After: 1\r\n" : "", response.length, (int)response.length,
                      (const char *)response.body);
    if (length < (int)sizeof(text))
        send(fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    MHD_destroy_response(response.mhd);
}
