/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of libcurl, nghttp2 and libmicrohttpd that can fail. What fails only for want of memory, such as
 * curl_easy_setopt(), fails when the allocation inside does. Structures are passed on as pointers to
 * anything, because the declarations of the libraries are macros, or take any number of arguments.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "fail.h"

#define CURLE_OUT_OF_MEMORY  27
#define CURLM_OUT_OF_MEMORY  3
#define CURLUE_OUT_OF_MEMORY 7
#define NGHTTP2_ERR_NOMEM    (-901)

REPLACE(int, curl_global_init, (long flags), (flags), CURLE_OUT_OF_MEMORY, 0)
REPLACE(int, curl_global_init_mem,
        (long flags, void *allocate, void *release, void *change, void *copy, void *zeros),
        (flags, allocate, release, change, copy, zeros), CURLE_OUT_OF_MEMORY, 0)
REPLACE(void *, curl_easy_init, (void), (), NULL, 0)
REPLACE(int, curl_easy_send, (void *easy, const void *data, size_t size, size_t *sent),
        (easy, data, size, sent), CURLE_OUT_OF_MEMORY, 0)
REPLACE(int, curl_easy_recv, (void *easy, void *data, size_t size, size_t *got), (easy, data, size, got),
        CURLE_OUT_OF_MEMORY, 0)
REPLACE(void *, curl_multi_init, (void), (), NULL, 0)
REPLACE(int, curl_multi_add_handle, (void *multi, void *easy), (multi, easy), CURLM_OUT_OF_MEMORY, 0)
REPLACE(int, curl_multi_socket_action, (void *multi, int fd, int events, int *running),
        (multi, fd, events, running), CURLM_OUT_OF_MEMORY, 0)
REPLACE(void *, curl_share_init, (void), (), NULL, 0)
REPLACE(void *, curl_url, (void), (), NULL, 0)
REPLACE(void *, curl_url_dup, (const void *url), (url), NULL, 0)
REPLACE(int, curl_url_get, (const void *url, int part, char **ret, unsigned flags), (url, part, ret, flags),
        CURLUE_OUT_OF_MEMORY, 0)
REPLACE(int, curl_url_set, (void *url, int part, const char *text, unsigned flags), (url, part, text, flags),
        CURLUE_OUT_OF_MEMORY, 0)

REPLACE(int, nghttp2_option_new, (void **ret), (ret), NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_callbacks_new, (void **ret), (ret), NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_client_new2, (void **ret, const void *callbacks, void *data, const void *option),
        (ret, callbacks, data, option), NGHTTP2_ERR_NOMEM, 0)
REPLACE(ssize_t, nghttp2_session_mem_recv, (void *session, const uint8_t *in, size_t size),
        (session, in, size), NGHTTP2_ERR_NOMEM, 0)
REPLACE(ssize_t, nghttp2_session_mem_send, (void *session, const uint8_t **ret), (session, ret),
        NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_consume_connection, (void *session, size_t size), (session, size),
        NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_consume_stream, (void *session, int32_t stream, size_t size),
        (session, stream, size), NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_resume_data, (void *session, int32_t stream), (session, stream),
        NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_set_local_window_size,
        (void *session, uint8_t flags, int32_t stream, int32_t size), (session, flags, stream, size),
        NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_session_terminate_session, (void *session, uint32_t error), (session, error),
        NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_submit_ping, (void *session, uint8_t flags, const uint8_t *data), (session, flags, data),
        NGHTTP2_ERR_NOMEM, 0)
REPLACE(int32_t, nghttp2_submit_request,
        (void *session, const void *priority, const void *headers, size_t count, const void *body,
         void *data),
        (session, priority, headers, count, body, data), NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_submit_rst_stream, (void *session, uint8_t flags, int32_t stream, uint32_t error),
        (session, flags, stream, error), NGHTTP2_ERR_NOMEM, 0)
REPLACE(int, nghttp2_submit_settings, (void *session, uint8_t flags, const void *settings, size_t count),
        (session, flags, settings, count), NGHTTP2_ERR_NOMEM, 0)

REPLACE(void *, MHD_create_response_from_buffer, (size_t size, void *data, int mode), (size, data, mode),
        NULL, 0)
REPLACE(void *, MHD_create_response_from_callback,
        (uint64_t size, size_t block, void *reader, void *data, void *release),
        (size, block, reader, data, release), NULL, 0)
REPLACE(void *, MHD_create_response_for_upgrade, (void *handler, void *data), (handler, data), NULL, 0)
REPLACE(int, MHD_add_response_header, (void *response, const char *name, const char *value),
        (response, name, value), 0, 0)
REPLACE(int, MHD_set_connection_option, (void *connection, int option, unsigned value),
        (connection, option, value), 0, 0)

/* It closes FD if it fails. */
EXPORT int MHD_add_connection(void *server, int fd, const void *address, unsigned length);
int MHD_add_connection(void *server, int fd, const void *address, unsigned length)
{
    static int (*real)(void *, int, const void *, unsigned);

    if (fails("MHD_add_connection")) {
        close(fd);
        return 0;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "MHD_add_connection");
    return real(server, fd, address, length);
}

#ifdef __clang__
#pragma clang attribute pop
#endif
