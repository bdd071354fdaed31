/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd answers by itself what is not HTTP, and whatever is too large for it, with a page in HTML,
 * and has no hook for that. But it uses its exported MHD_queue_response() for it, and the dynamic linker
 * takes the program's function of that name for the library's calls, too (ld.so(8): symbols of the program
 * come first). So each call of it here is libmicrohttpd's own. If the library was linked in a way that does
 * not allow this, the pages stay as they are; tests/e2e/test_hints.py notices.
 */
#include "proxy/exchange/response_queue.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "proxy/exchange/raw_error.h"

typedef enum MHD_Result queue_function(struct MHD_Connection *connection, unsigned status,
                                       struct MHD_Response *response);

static queue_function *library_function;

static void find_library_function(void)
{
    void *symbol = dlsym(RTLD_NEXT, "MHD_queue_response");

    memcpy(&library_function, &symbol, sizeof(library_function)); /* ISO C has no cast for this */
}

enum MHD_Result response_queue(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, find_library_function);
    return library_function ? library_function(connection, status, response) : MHD_NO;
}

static const char *message_of(unsigned status)
{
    switch (status) {
    case MHD_HTTP_BAD_REQUEST:
        return "tbproxyd refused the request: it is not valid HTTP";
    case MHD_HTTP_CONTENT_TOO_LARGE:
        return "tbproxyd refused the request: its length, or that of a chunk, is too large";
    case MHD_HTTP_URI_TOO_LONG:
        return "tbproxyd refused the request: the target is too long";
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        return "tbproxyd refused the request: the header is too large";
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
        return "tbproxyd refused the request: only HTTP/1.0 and HTTP/1.1 are supported";
    default:
        return MHD_get_reason_phrase_for(status);
    }
}

/* Called by libmicrohttpd, with its PAGE. MHD_NO makes it close the connection. The error is not given to it:
 * of some pages, 0.9.75 sends the header twice. */
__attribute__((visibility("default"))) enum MHD_Result
MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *page)
{
    (void)page;
    raw_error_send(MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
                   (int)status, message_of(status));
    return MHD_NO;
}
