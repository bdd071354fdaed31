/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

/* The server closes a connection that was idle for 60 s (docs/server-behaviour.md); a request on one kept
 * longer could meet that. */
#define CONNECTION_IDLE_S 50L

/* Without a reload, certificates that were replaced on disk are used after this time. */
#define CA_CACHE_S 3600L

#define BUFFER_BYTES 65536L /* read from a connection at once */

static void set_tls(const struct transport *transport, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                     transport->options.tls_1_3 ? (long)CURL_SSLVERSION_TLSv1_3
                                                : (long)CURL_SSLVERSION_TLSv1_2); /* at least */
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    if (transport->has_ca_file)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (transport->certificate_file) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, transport->certificate_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, transport->key_file);
    }
    if (transport->options.no_verify) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* Nothing from the environment. Always a tunnel, so that the proxy sees neither the request nor, with TLS,
 * the credential. */
static void set_proxy(const struct transport *transport, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_PROXY, transport->proxy ? transport->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (!transport->proxy)
        return;
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (transport->proxy_user)
        curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, transport->proxy_user);
    if (transport->proxy_user && transport->proxy_password)
        curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, transport->proxy_password);
}

/* A handle with everything that is the same for all transfers. */
static CURL *prepare_handle(struct transport *transport)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_URL, transport->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set_proxy(transport, easy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L); /* ends a quiet stream whose server is gone */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transport->options.connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_body_arrived);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, transfer_body_wanted);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, transfer_body_sought);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, transfer_header_arrived);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, transfer_before_sending);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, transport_socket_open);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, transport_socket_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transport);
    if (transport->unix_socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, transport->unix_socket);
    set_tls(transport, easy);
    return easy;
}

/* A handle that only makes a connection, which no other transfer shares. */
static CURL *prepare_connect_only(struct transport *transport)
{
    CURL *easy = prepare_handle(transport);

    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L); /* an outgoing proxy sees no frames */
    return easy;
}

static CURL *idle_handle(struct transport *transport)
{
    return transport->idle_count ? transport->idle[--transport->idle_count] : prepare_handle(transport);
}

CURL *transport_take_handle(struct transport *transport, const struct transfer *transfer)
{
    CURL *easy = transfer->connect_only ? prepare_connect_only(transport) : idle_handle(transport);

    if (easy && transport->ca_name)
        curl_easy_setopt(easy, CURLOPT_CAINFO, transport->ca_name);
    return easy;
}
