/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

#include <errno.h>
#include <stdio.h>

int transport_url_prefix(const char *text, char **ret, struct tb_error *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *path = NULL;
    int r = 0;

    if (strchr(text, '@') || strchr(text, '?') || strchr(text, '#')) /* not shown: it may hold a password */
        r = tb_error_set(err, -EINVAL, "it must not contain a user, password, query or fragment");
    else if (!url || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
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
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT);
        r = asprintf(ret, "%s%s%s", host, port ? ":" : "", port ? port : "") < 0 ? -ENOMEM : 0;
    }
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
    int r = 0;

    if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, 0) != CURLUE_OK)
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

static int copy_string(const char *text, char **ret)
{
    if (!text)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

/* libcurl takes a user in the URL as one without a password, whatever password is set. */
static int copy_proxy(const char *text, struct transport *transport)
{
    CURLU *url = text ? curl_url() : NULL;
    char *user = NULL, *rest = NULL;
    int r = 0;

    if (!text)
        return 0;
    if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        r = -EINVAL;
    else if (curl_url_get(url, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK)
        r = copy_string(user, &transport->proxy_user);
    if (r == 0 && (curl_url_set(url, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
                   curl_url_get(url, CURLUPART_URL, &rest, 0) != CURLUE_OK))
        r = -EINVAL;
    if (r == 0)
        r = copy_string(rest, &transport->proxy);
    curl_free(user);
    curl_free(rest);
    curl_url_cleanup(url);
    return r;
}

/* Names libcurl's default file, too, so that it can be respelled. */
static int name_ca_file(const char *file, struct transport *transport)
{
    if (!file)
        file = curl_version_info(CURLVERSION_NOW)->cainfo;
    return copy_string(file, &transport->ca_file) < 0 ? -ENOMEM : copy_string(file, &transport->ca_name);
}

/* libcurl keeps certificates, connections and TLS sessions by the name of the file that they were verified
 * with: under a new name it reads the file again and uses none of the old ones. The bits of the number of
 * reloads are spelled as "/." and "//", which do not change where a path leads. */
void transport_reload_certificates(struct transport *transport)
{
    bool is_absolute = transport->ca_file && *transport->ca_file == '/';
    char spelling[2 * 32 + 1] = {0}, *name;
    unsigned i;

    if (!transport->ca_file)
        return;
    transport->reloads++;
    for (i = 0; i < 32; i++)
        memcpy(spelling + 2 * i, transport->reloads >> i & 1 ? "/." : "//", 2);
    if (asprintf(&name, "%s%s%s%s", is_absolute ? "" : ".", spelling, is_absolute ? "" : "/",
                 transport->ca_file) < 0)
        return; /* no memory: the old ones stay */
    free(transport->ca_name);
    transport->ca_name = name;
}

int transport_copy_options(struct transport *transport, const struct transport_options *options)
{
    transport->options = *options;
    transport->has_ca_file = options->ca_file != NULL;
    return copy_string(options->url, &transport->url) < 0 ||
                   copy_string(options->unix_socket, &transport->unix_socket) < 0 ||
                   name_ca_file(options->ca_file, transport) < 0 ||
                   copy_string(options->certificate_file, &transport->certificate_file) < 0 ||
                   copy_string(options->key_file, &transport->key_file) < 0 ||
                   copy_proxy(options->proxy, transport) < 0 ||
                   copy_string(options->proxy_password, &transport->proxy_password) < 0
               ? -ENOMEM
               : 0;
}
