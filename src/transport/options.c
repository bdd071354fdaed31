/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/options.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>

/* URL is NULL without memory. */
static CURLUcode split(CURLU *url, const char *text, unsigned flags, char **scheme, CURLUPart other,
                       char **ret)
{
    CURLUcode code = url ? curl_url_set(url, CURLUPART_URL, text, flags) : CURLUE_OUT_OF_MEMORY;

    if (code == CURLUE_OK)
        code = curl_url_get(url, CURLUPART_SCHEME, scheme, 0);
    return code == CURLUE_OK ? curl_url_get(url, other, ret, 0) : code;
}

int transport_url_prefix(const char *text, char **ret, struct tb_error *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *path = NULL;
    CURLUcode code = split(url, text, 0, &scheme, CURLUPART_PATH, &path);
    int r = 0;

    if (strchr(text, '@') || strchr(text, '?') || strchr(text, '#')) /* not shown: it may hold a password */
        r = tb_error_set(err, -EINVAL, "it must not contain a user, password, query or fragment");
    else if (code == CURLUE_OUT_OF_MEMORY)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    else if (code != CURLUE_OK)
        r = tb_error_set(err, -EINVAL, "\"%s\" is not a URL of the form http[s]://host[:port]", text);
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        r = tb_error_set(err, -EINVAL, "\"%s\" must begin with http:// or https://", text);
    else if (!(*ret = strndup(path, path[strlen(path) - 1] == '/' ? strlen(path) - 1 : strlen(path))))
        r = tb_error_set(err, -ENOMEM, "out of memory");
    curl_free(scheme);
    curl_free(path);
    curl_url_cleanup(url);
    return r;
}

int transport_url_host(const char *text, char **ret)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL;
    int r = -ENOMEM;

    if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) != CURLUE_OUT_OF_MEMORY)
        r = asprintf(ret, "%s%s%s", host, port ? ":" : "", port ? port : "") < 0 ? -ENOMEM : 0;
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return r;
}

int transport_check_url(const char *url, struct tb_error *err)
{
    CLEANUP(free_pointer) char *prefix = NULL;

    return transport_url_prefix(url, &prefix, err);
}

int transport_check_proxy(const char *text, bool *has_user, struct tb_error *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *user = NULL, *password = NULL, *port = NULL;
    CURLUcode code = split(url, text, CURLU_NON_SUPPORT_SCHEME, &scheme, CURLUPART_PORT, &port);
    int r = 0;

    if (code == CURLUE_OUT_OF_MEMORY)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    else if (code != CURLUE_OK)
        r = tb_error_set(err, -EINVAL, "it must be of the form http://[user@]host:port");
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0 && strcmp(scheme, "socks5h") != 0)
        r = tb_error_set(err, -EINVAL, "it must begin with http://, https:// or socks5h://");
    else if (curl_url_get(url, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK)
        r = tb_error_set(err, -EINVAL, "it must not contain a password: that is read from a file");
    else
        *has_user = curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK;
    curl_free(scheme);
    curl_free(user);
    curl_free(password);
    curl_free(port);
    curl_url_cleanup(url);
    return r;
}
