/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

#include <errno.h>

static void timer_expired(struct timer *timer)
{
    struct transport *transport = CONTAINER_OF(timer, struct transport, timer);

    transport_perform(transport, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_changed(CURLM *multi, long timeout_ms, void *arg)
{
    struct transport *transport = arg;

    (void)multi;
    transport->kicked = timeout_ms == 0;
    if (timeout_ms <= 0) {
        loop_timer_stop(transport->loop, &transport->timer);
        return 0;
    }
    return loop_timer_start(transport->loop, &transport->timer, timeout_ms) < 0 ? -1 : 0;
}

static bool uses_tls(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

int transport_new(struct loop *loop, const struct transport_options *options, struct transport **ret,
                  struct tb_error *err)
{
    struct transport *transport = calloc(1, sizeof(*transport));
    int r;

    if (!transport)
        return tb_error_set(err, -ENOMEM, "out of memory");
    transport->loop = loop;
    transport->timer.expired = timer_expired;
    list_init(&transport->transfers);
    transport->multi = curl_multi_init();
    if (transport_copy_options(transport, options) < 0 || !transport->multi)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    else
        r = transport_url_prefix(options->url, &transport->prefix, err);
    if (r == 0 && transport_url_host(options->url, &transport->host) < 0)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    if (r < 0) {
        transport_free(transport);
        return r;
    }
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, transport_socket_changed);
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
    curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
    curl_multi_setopt(transport->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, options->max_connections);
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, options->max_connections);
    curl_multi_setopt(transport->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    curl_multi_setopt(transport->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, options->max_streams);
    transport->has_prior_knowledge = options->http2 == HTTP2_PRIOR_KNOWLEDGE && !uses_tls(options->url);
    if (options->http2 == HTTP2_OFF || (options->http2 == HTTP2_AUTO && !uses_tls(options->url)))
        transport->version = VERSION_1;
    *ret = transport;
    return 0;
}

const char *transport_host(const struct transport *transport)
{
    return transport->host;
}

const char *transport_prefix(const struct transport *transport)
{
    return transport->prefix;
}

void transport_free(struct transport *transport)
{
    size_t i;

    if (!transport)
        return;
    for (i = 0; i < transport->idle_count; i++)
        curl_easy_cleanup(transport->idle[i]);
    curl_multi_cleanup(transport->multi);
    loop_timer_stop(transport->loop, &transport->timer);
    for (i = 0; i < transport->socket_count; i++)
        free(transport->sockets[i]);
    free(transport->sockets);
    free(transport->url);
    free(transport->unix_socket);
    free(transport->ca_file);
    free(transport->ca_name);
    free(transport->certificate_file);
    free(transport->key_file);
    free(transport->proxy);
    free(transport->proxy_user);
    free_secret(transport->proxy_password);
    free(transport->prefix);
    free(transport->host);
    free(transport);
}

static void end_transfer(struct transfer *transfer)
{
    transfer_cancel(transfer);
    transfer->done(transfer);
}

/* No connection can be made: also ends those that wait for one to share, or each of them would try to make
 * one, one after the other. */
static void end_waiting(struct transport *transport, const struct transfer *failed)
{
    struct transfer *transfer;
    struct list ended;

    list_init(&ended);
    list_for_each_safe(transfer, &transport->transfers, link) {
        if (transfer == failed || !transfer->waits_for_connection || transfer->has_socket ||
            transfer->sends > 0)
            continue;
        transfer_release_handle(transfer);
        list_append(&ended, &transfer->link);
        transfer->error = failed->error;
        memcpy(transfer->detail, failed->detail, sizeof(transfer->detail));
    }
    while (!list_is_empty(&ended))
        end_transfer(CONTAINER_OF(ended.next, struct transfer, link));
}

/* libcurl opens another HTTP/2 connection for each transfer beyond the streams of the first, and assumes 100
 * streams until the server has said how many. */
#define HTTP2_CONNECTIONS_MAX 4

static void set_version(struct transport *transport, enum http_version version)
{
    long connections = transport->options.max_connections;

    if (transport->version == version)
        return;
    transport->version = version;
    if (version == VERSION_2 && connections > HTTP2_CONNECTIONS_MAX)
        connections = HTTP2_CONNECTIONS_MAX;
    curl_multi_setopt(transport->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
}

static void learn_version(struct transport *transport, CURL *easy)
{
    long version = 0;

    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (version == 0)
        return;
    set_version(transport, version == CURL_HTTP_VERSION_2_0 ? VERSION_2 : VERSION_1);
    transport->spoke_http1 = transport->spoke_http1 || transport->version == VERSION_1;
}

static void finish_transfers(struct transport *transport)
{
    CURLMsg *message;
    int left;

    /* Not earlier than the answers: the budget counts the refill of what they cost from now_ms. */
    loop_update_time(transport->loop);
    while ((message = curl_multi_info_read(transport->multi, &left))) {
        CURLcode code = message->data.result;
        struct transfer *transfer = NULL;
        long status = 0;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
        transfer->status = (int)status;
        learn_version(transport, message->easy_handle);
        if (transfer->connect_only && code == CURLE_OK) { /* the handle stays with its connection */
            transfer->connected = true;
            transfer->done(transfer);
            continue;
        }
        if (code == CURLE_WRITE_ERROR && transfer->was_cut)
            code = CURLE_OK;
        if (code == CURLE_OK && transfer->refusal) /* the last part was lost */
            code = CURLE_WRITE_ERROR;
        if (code == CURLE_OK && status < 200) /* 101, which was not asked for */
            code = CURLE_WEIRD_SERVER_REPLY;
        if (code == CURLE_OK && !transfer->header_complete) /* libcurl considers what came an answer */
            code = CURLE_PARTIAL_FILE;
        if (code != CURLE_OK && transfer_restart(transfer, code))
            continue;
        if (code != CURLE_OK)
            transfer_set_error(transfer, code);
        if (transfer_was_not_sent(transfer) && (transfer->has_socket || code != CURLE_OPERATION_TIMEDOUT))
            end_waiting(transport, transfer);
        end_transfer(transfer);
    }
}

void transport_run(struct transport *transport)
{
    if (transport->kicked) {
        transport->kicked = false;
        transport_perform(transport, CURL_SOCKET_TIMEOUT, 0);
    }
    finish_transfers(transport);
}

unsigned transport_capacity(const struct transport *transport)
{
    const struct transport_options *options = &transport->options;

    if (transport->version == VERSION_2 || options->max_streams < options->max_connections)
        return (unsigned)options->max_streams;
    return (unsigned)options->max_connections;
}

bool transport_may_share(const struct transport *transport)
{
    return transport->version != VERSION_1;
}

void transport_learn_from(struct transport *transport, const struct transport *other)
{
    if (transport->version == VERSION_UNKNOWN)
        set_version(transport, other->version);
}

bool transport_is_pending(const struct transport *transport)
{
    return transport->kicked;
}
