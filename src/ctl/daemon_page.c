/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_page.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "client/error.h"
#include "ctl/editions.h"

#define PAGE_MAX_BYTES  (1024 * 1024)
#define PAGE_TIMEOUT_MS 3000L /* tbproxyd answers its own pages at once */
#define URL_MAX_BYTES   2048

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct buf *buf = context;

    return buf_append(buf, data, size * count) < 0 ? 0 : count;
}

/* DETAIL is libcurl's, and may be empty. */
static int refuse_transfer(CURLcode code, const char *detail, struct tb_error *err)
{
    if (code == CURLE_WRITE_ERROR)
        return FAIL(err, TB_ERROR_DECODE, -EMSGSIZE, "the answer has more than %d bytes", PAGE_MAX_BYTES);
    return FAIL(err, code == CURLE_OPERATION_TIMEDOUT ? TB_ERROR_TIMEOUT : TB_ERROR_TRANSPORT, -EIO,
                "no answer from tbproxyd: %s", *detail ? detail : curl_easy_strerror(code));
}

/* GETs URL: appends the answer to BODY, and sets *RET_STATUS. */
static int get(const struct connection_options *options, const char *url, struct buf *body, long *ret_status,
               struct tb_error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    CURLcode code;

    if (!easy)
        return FAIL_MEMORY(err);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, PAGE_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    if (options->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    code = curl_easy_perform(easy);
    if (code == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_cleanup(easy);
    return code == CURLE_OK ? 0 : refuse_transfer(code, detail, err);
}

int daemon_page_get(const struct connection_options *options, const char *path, long *ret_status,
                    json_t **ret, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(PAGE_MAX_BYTES);
    char url[URL_MAX_BYTES];
    const char *base = connection_url(options);
    size_t length = strlen(base);
    json_t *answer;
    long status;
    int r;

    while (length > 0 && base[length - 1] == '/')
        length--;
    if ((size_t)snprintf(url, sizeof(url), "%.*s%s", (int)length, base, path) >= sizeof(url))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "the URL has more than %d bytes", URL_MAX_BYTES - 1);
    r = get(options, url, &body, &status, err);
    if (r < 0)
        return r;
    answer = body.data ? json_loadb(body.data, body.len, 0, NULL) : NULL;
    *ret = json_is_object(answer) ? json_incref(answer) : json_object();
    *ret_status = status;
    json_decref(answer);
    return *ret ? 0 : FAIL_MEMORY(err);
}

unsigned daemon_edition(const struct connection_options *options)
{
    json_t *answer = NULL;
    const char *name;
    unsigned edition;
    long status;

    /* Its answer is JSON, whether tbproxyd is ready or not. */
    daemon_page_get(options, "/-/ready", &status, &answer, NULL);
    name = json_string_value(json_object_get(answer, "edition"));
    edition = name ? edition_find(name) : EDITION_NONE;
    json_decref(answer);
    return edition;
}
