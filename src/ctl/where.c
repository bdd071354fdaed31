/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/where.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/secret.h"
#include "ctl/catalog.h"

#define READY_MAX_BYTES  65536
#define READY_TIMEOUT_MS 3000L /* tbproxyd answers this itself */
#define URL_MAX_BYTES    2048

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

static int read_file(const char *option, const char *path, char **ret, struct tb_error *err)
{
    int r = path ? secret_read(path, ret, err) : 0;

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
        /* tbproxyd repeats by itself; to repeat its repeats would multiply them. */
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

/* The answer of /-/ready, which is JSON whether tbproxyd is ready or not. */
static json_t *fetch_ready(const struct where *where)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(READY_MAX_BYTES);
    char url[URL_MAX_BYTES];
    const char *base = url_of(where);
    size_t length = strlen(base);
    CURL *easy = curl_easy_init();
    json_t *answer = NULL;

    while (length > 0 && base[length - 1] == '/')
        length--;
    if (easy && (size_t)snprintf(url, sizeof(url), "%.*s/-/ready", (int)length, base) < sizeof(url)) {
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, READY_TIMEOUT_MS);
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, where->unix_socket);
        if (where->ca_file)
            curl_easy_setopt(easy, CURLOPT_CAINFO, where->ca_file);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
        if (curl_easy_perform(easy) == CURLE_OK && body.data)
            answer = json_loadb(body.data, body.len, 0, NULL);
    }
    curl_easy_cleanup(easy);
    return answer;
}

unsigned where_edition(const struct where *where)
{
    json_t *answer = fetch_ready(where);
    const char *name = json_string_value(json_object_get(answer, "edition"));
    unsigned edition = name ? edition_find(name) : EDITION_NONE;

    json_decref(answer);
    return edition;
}
