/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_request.h"

#include <errno.h>
#include <stdio.h>

#include "client/error.h"
#include "ctl/daemon_page.h"

#define URL_MAX_BYTES 2048

static int print_url(const struct connection_options *options, const char *path, char ret[URL_MAX_BYTES],
                     struct tb_error *err)
{
    const char *base = connection_url(options);
    size_t length = strlen(base);

    while (length > 0 && base[length - 1] == '/')
        length--;
    if ((size_t)snprintf(ret, URL_MAX_BYTES, "%.*s%s", (int)length, base, path) >= URL_MAX_BYTES)
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "the URL has more than %d bytes", URL_MAX_BYTES - 1);
    return 0;
}

CURL *daemon_request_new(const struct connection_options *options, const char *path,
                         char detail[CURL_ERROR_SIZE], struct tb_error *err)
{
    char url[URL_MAX_BYTES];
    CURL *easy;

    if (print_url(options, path, url, err) < 0)
        return NULL;
    easy = curl_easy_init();
    if (!easy) {
        FAIL_MEMORY(err);
        return NULL;
    }
    *detail = '\0';
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    if (options->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    return easy;
}

int daemon_request_error(const struct connection_options *options, CURL *easy, CURLcode code,
                         const char *detail, struct tb_error *err)
{
    const char *where = options->unix_socket ? options->unix_socket : connection_url(options);
    long error = 0;

    if (code == CURLE_WRITE_ERROR)
        return FAIL(err, TB_ERROR_DECODE, -EMSGSIZE, "the answer has more than %d bytes",
                    DAEMON_PAGE_MAX_BYTES);
    /* libcurl's own text speaks of "localhost port 80", also for a Unix socket */
    if (code == CURLE_COULDNT_CONNECT && curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error) == CURLE_OK &&
        error)
        detail = strerror((int)error);
    if (error == EACCES)
        return FAIL(err, TB_ERROR_FORBIDDEN, -EACCES, "%s: %s" NO_ACCESS_HINT, where, detail);
    return FAIL(err, code == CURLE_OPERATION_TIMEDOUT ? TB_ERROR_TIMEOUT : TB_ERROR_TRANSPORT, -EIO,
                "no answer from tbproxyd at %s: %s", where, *detail ? detail : curl_easy_strerror(code));
}
