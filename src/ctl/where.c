/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/where.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/secret.h"
#include "client/error.h"
#include "ctl/catalog.h"

#define PAGE_MAX_BYTES  (1024 * 1024)
#define PAGE_TIMEOUT_MS 3000L /* tbproxyd answers its own pages at once */
#define URL_MAX_BYTES   2048

bool where_is_server(const struct where *where)
{
    return where->api_key_file || where->username || where->password_file || where->token_file;
}

int where_check(const struct where *where, struct tb_error *err)
{
    int ways = !!where->api_key_file + (where->username || where->password_file) + !!where->token_file;

    if (ways > 1)
        return tb_error_set(err, -EINVAL,
                            "more than one credential: --api-key-file, --username with --password-file, or "
                            "--token-file");
    if (!where->username != !where->password_file)
        return tb_error_set(err, -EINVAL, "--username and --password-file belong together");
    return 0;
}

/* What is asked where no URL is given: through a socket the host does not matter. */
static const char *url_of(const struct where *where)
{
    const char *environment = getenv("TBPROXY_URL");

    if (where->url)
        return where->url;
    if (where->unix_socket)
        return "http://localhost";
    return environment && *environment ? environment : URL_DEFAULT;
}

/* On a command line a name without a slash is a file, too: systemd's credentials are for services. */
static int read_file(const char *option, const char *path, char **ret, struct tb_error *err)
{
    CLEANUP(free_pointer) char *local = NULL;
    int r = 0;

    if (path && secret_is_credential(path) && asprintf(&local, "./%s", path) < 0)
        return tb_error_set(err, -ENOMEM, "out of memory");
    if (path)
        r = secret_read(local ? local : path, ret, err);
    return r < 0 ? tb_error_prefix(err, "--%s", option) : 0;
}

int where_open(const struct where *where, tb_client **ret, struct tb_error *err)
{
    CLEANUP(free_secret_pointer) char *api_key = NULL;
    CLEANUP(free_secret_pointer) char *password = NULL;
    CLEANUP(free_secret_pointer) char *token = NULL;
    tb_client_options options = {
        .url = url_of(where),
        .unix_socket = where->unix_socket,
        .username = where->username,
        .timeout_ms = where->timeout_ms,
        .max_connections = 1,
        .ca_file = where->ca_file,
        /* tbproxyd retries by itself; to retry its retries would multiply them. */
        .no_retry_on_rate_limit = !where_is_server(where),
    };
    int r = read_file("api-key-file", where->api_key_file, &api_key, err);

    if (r == 0)
        r = read_file("password-file", where->password_file, &password, err);
    if (r == 0)
        r = read_file("token-file", where->token_file, &token, err);
    if (r < 0)
        return r;
    options.api_key = api_key;
    options.password = password;
    options.token = token;
    return tb_client_open(&options, ret, err);
}

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct buf *buf = context;

    return buf_append(buf, data, size * count) < 0 ? 0 : count;
}

/* "no answer" in the words of libcurl, or what else hindered the transfer that ended with CODE. */
static int refuse_transfer(CURLcode code, const char *detail, struct tb_error *err)
{
    if (code == CURLE_WRITE_ERROR)
        return FAIL(err, TB_ERROR_DECODE, -EMSGSIZE, "the answer has more than %d bytes", PAGE_MAX_BYTES);
    return FAIL(err, code == CURLE_OPERATION_TIMEDOUT ? TB_ERROR_TIMEOUT : TB_ERROR_TRANSPORT, -EIO,
                "no answer from tbproxyd: %s", *detail ? detail : curl_easy_strerror(code));
}

/* GETs URL: the whole answer in BODY, its status in *RET_STATUS. */
static int get(const struct where *where, const char *url, struct buf *body, long *ret_status,
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
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, where->unix_socket);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    if (where->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, where->ca_file);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    code = curl_easy_perform(easy);
    if (code == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_cleanup(easy);
    return code == CURLE_OK ? 0 : refuse_transfer(code, detail, err);
}

int where_fetch(const struct where *where, const char *path, long *ret_status, json_t **ret,
                struct tb_error *err)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(PAGE_MAX_BYTES);
    char url[URL_MAX_BYTES];
    const char *base = url_of(where);
    size_t length = strlen(base);
    json_t *answer;
    long status;
    int r;

    while (length > 0 && base[length - 1] == '/')
        length--;
    if ((size_t)snprintf(url, sizeof(url), "%.*s%s", (int)length, base, path) >= sizeof(url))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "the URL has more than %d bytes", URL_MAX_BYTES - 1);
    r = get(where, url, &body, &status, err);
    if (r < 0)
        return r;
    answer = body.data ? json_loadb(body.data, body.len, 0, NULL) : NULL;
    *ret = json_is_object(answer) ? json_incref(answer) : json_object();
    *ret_status = status;
    json_decref(answer);
    return *ret ? 0 : FAIL_MEMORY(err);
}

unsigned where_edition(const struct where *where)
{
    json_t *answer = NULL;
    const char *name;
    unsigned edition;
    long status;

    /* JSON whether tbproxyd is ready or not. */
    where_fetch(where, "/-/ready", &status, &answer, NULL);
    name = json_string_value(json_object_get(answer, "edition"));
    edition = name ? edition_find(name) : EDITION_NONE;
    json_decref(answer);
    return edition;
}
