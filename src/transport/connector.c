/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connector_private.h"

#include <errno.h>
#include <strings.h>

/* Without a reload, certificates that were replaced on disk are used after this time. */
#define CERTIFICATES_LIFE_MS INT64_C(3600000)

#define DNS_CACHE_S 60L /* names are resolved again after this time, and at once if a connection failed */

static int copy_string(const char *text, char **ret)
{
    if (!text)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

/* libcurl takes a user in the URL as one without a password, whatever password is set. */
static int copy_proxy(const char *text, struct connector *connector)
{
    CURLU *url = text ? curl_url() : NULL;
    char *user = NULL, *rest = NULL;
    int r = 0;

    if (!text)
        return 0;
    if (!url || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        r = -EINVAL;
    else if (curl_url_get(url, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK)
        r = copy_string(user, &connector->proxy_user);
    if (r == 0 && (curl_url_set(url, CURLUPART_USER, NULL, 0) != CURLUE_OK ||
                   curl_url_get(url, CURLUPART_URL, &rest, 0) != CURLUE_OK))
        r = -EINVAL;
    if (r == 0)
        r = copy_string(rest, &connector->proxy);
    curl_free(user);
    curl_free(rest);
    curl_url_cleanup(url);
    return r;
}

static int copy_options(const struct transport_options *options, struct connector *connector)
{
    int r = copy_proxy(options->proxy, connector);

    connector->connect_timeout_ms = options->connect_timeout_ms;
    connector->no_verify = options->no_verify;
    connector->tls_1_3 = options->tls_1_3;
    connector->proxy_is_tls = options->proxy && strncasecmp(options->proxy, "https:", 6) == 0;
    if (r == 0 && (copy_string(options->url, &connector->url) < 0 ||
                   copy_string(options->unix_socket, &connector->unix_socket) < 0 ||
                   copy_string(options->ca_file, &connector->ca_file) < 0 ||
                   copy_string(options->certificate_file, &connector->certificate_file) < 0 ||
                   copy_string(options->key_file, &connector->key_file) < 0 ||
                   copy_string(options->proxy_password, &connector->proxy_password) < 0))
        r = -ENOMEM;
    connector->certificates.file = connector->ca_file;
    return r;
}

int connector_new(struct loop *loop, const struct transport_options *options, struct connector **ret,
                  struct tb_error *err)
{
    const char *tls = curl_version_info(CURLVERSION_NOW)->ssl_version;
    struct connector *connector;
    int r;

    if (!tls || strncmp(tls, "OpenSSL/", 8) != 0) /* its SSL_CTX is ours to set up */
        return tb_error_set(err, -ENOTSUP, "libcurl does not use OpenSSL, but %s", tls ? tls : "no TLS");
    connector = calloc(1, sizeof(*connector));
    r = connector ? copy_options(options, connector) : -ENOMEM;
    if (r < 0) {
        connector_free(connector);
        return tb_error_set(err, r, r == -EINVAL ? "the proxy is not a URL" : "out of memory");
    }
    connector->loop = loop;
    *ret = connector;
    return 0;
}

static int new_caches(struct connector_caches **ret)
{
    struct connector_caches *caches = calloc(1, sizeof(*caches));

    if (!caches)
        return -ENOMEM;
    caches->users = 1;
    caches->share = curl_share_init();
    if (!caches->share ||
        curl_share_setopt(caches->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK ||
        curl_share_setopt(caches->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        connector_release_caches(caches);
        return -ENOMEM;
    }
    *ret = caches;
    return 0;
}

void connector_release_caches(struct connector_caches *caches)
{
    if (!caches || --caches->users > 0)
        return;
    curl_share_cleanup(caches->share);
    free(caches);
}

void connector_forget(struct connector *connector)
{
    connector_release_caches(TAKE_PTR(connector->caches));
}

/* A TLS session that is resumed is not verified again, so none is. */
void connector_reload_certificates(struct connector *connector)
{
    certificates_reload(&connector->certificates, connector->loop->now_ms);
    certificates_reload(&connector->proxy_certificates, connector->loop->now_ms);
    connector_forget(connector);
}

struct connector_bytes connector_bytes(const struct connector *connector)
{
    return connector->bytes;
}

void connector_free(struct connector *connector)
{
    if (!connector)
        return;
    connector_release_caches(connector->caches);
    certificates_free(&connector->certificates);
    certificates_free(&connector->proxy_certificates);
    free(connector->url);
    free(connector->unix_socket);
    free(connector->ca_file);
    free(connector->certificate_file);
    free(connector->key_file);
    free(connector->proxy);
    free(connector->proxy_user);
    free_secret(connector->proxy_password);
    free(connector);
}

/* The CA certificates are set in CURLOPT_SSL_CTX_FUNCTION; libcurl must neither read any nor, with a cache
 * that goes by their names, verify the server by the proxy's. */
static void set_tls(const struct connector *connector, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                     connector->tls_1_3 ? (long)CURL_SSLVERSION_TLSv1_3
                                        : (long)CURL_SSLVERSION_TLSv1_2); /* at least */
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    if (connector->certificate_file) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, connector->certificate_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, connector->key_file);
    }
    if (connector->no_verify) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* Nothing from the environment. Always a tunnel, so that the proxy sees neither the request nor, with TLS,
 * the credential. */
static void set_proxy(const struct connector *connector, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, connector->proxy ? connector->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (!connector->proxy)
        return;
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (connector->proxy_user)
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, connector->proxy_user);
    if (connector->proxy_user && connector->proxy_password)
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, connector->proxy_password);
}

static void set_options(const struct connector *connector, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_URL, connector->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    /* ALPN is ours: libcurl would speak HTTP/2 itself. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connector->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a thread that resolves a name */
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S);
    if (connector->unix_socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, connector->unix_socket);
    set_proxy(connector, easy);
    set_tls(connector, easy);
}

int connector_new_handle(struct connector *connector, CURL **ret, struct connector_caches **ret_caches)
{
    int64_t now_ms = connector->loop->now_ms;
    CURL *easy;

    if (certificates_are_older(&connector->certificates, now_ms, CERTIFICATES_LIFE_MS) ||
        certificates_are_older(&connector->proxy_certificates, now_ms, CERTIFICATES_LIFE_MS))
        connector_reload_certificates(connector);
    if (!connector->caches && new_caches(&connector->caches) < 0)
        return -ENOMEM;
    easy = curl_easy_init();
    if (!easy)
        return -ENOMEM;
    set_options(connector, easy);
    curl_easy_setopt(easy, CURLOPT_SHARE, connector->caches->share);
    connector->caches->users++;
    *ret = easy;
    *ret_caches = connector->caches;
    return 0;
}
