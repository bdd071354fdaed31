/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

#include <errno.h>
#include <stdio.h>

/* The order matters: each of the first three resets what the others left behind. */
static int set_method(CURL *easy, const struct transfer *transfer)
{
    bool head = strcmp(transfer->method, "HEAD") == 0;

    if (head) { /* without a body, which would mean nothing (RFC 9110, section 9.3.2), and be a POST */
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (transfer->read) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->read_length);
    } else if (transfer->body || strcmp(transfer->method, "POST") == 0 ||
               strcmp(transfer->method, "PUT") == 0 || strcmp(transfer->method, "PATCH") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body ? transfer->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_length);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, head ? NULL : transfer->method) == CURLE_OK
               ? 0
               : -ENOMEM;
}

static int set_target(const struct transport *transport, CURL *easy, const struct transfer *transfer)
{
    char *joined;
    CURLcode code;

    if (!*transport->prefix)
        return curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, transfer->target) == CURLE_OK ? 0 : -ENOMEM;
    if (asprintf(&joined, "%s%s", transport->prefix, transfer->target) < 0)
        return -ENOMEM;
    code = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, joined);
    free(joined);
    return code == CURLE_OK ? 0 : -ENOMEM;
}

/* How much of its time is left after an earlier attempt. */
static long time_left_ms(const struct transport *transport, const struct transfer *transfer)
{
    int64_t left_ms = transfer->started_ms + transfer->timeout_ms - transport->loop->now_ms;

    if (transfer->timeout_ms == 0)
        return 0;
    return left_ms > 0 ? (long)left_ms : 1;
}

/* Whether a transfer that starts now has to open the connection, with prior knowledge. libcurl before 8.0
 * breaks a connection for which that option is set twice, so a transfer that shares one must not set it; one
 * that does not set it and finds no connection to share is started anew. */
static bool opens_connection(const struct transport *transport, bool wanted_one)
{
    const struct transfer *other;

    if (!transport->has_prior_knowledge || (transport->connections > 0 && !wanted_one))
        return false;
    list_for_each(other, &transport->transfers, link)
        if (other->opens && other->sends == 0)
            return false;
    return true;
}

static void set_http_version(const struct transfer *transfer, CURL *easy)
{
    if (transfer->opens)
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    else if (transfer->connect_only || transfer->transport->options.http2 == HTTP2_OFF)
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    else
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
}

/* Sends it for the first time, or anew. Returns 0 or -ENOMEM. */
static int send_transfer(struct transport *transport, struct transfer *transfer)
{
    CURL *easy = transport_take_handle(transport, transfer);
    int r = 0;

    if (!easy)
        return -ENOMEM;
    transfer->opens = !transfer->connect_only && opens_connection(transport, transfer->wants_connection);
    transfer->has_socket = transfer->wants_connection = transfer->wants_restart = false;
    transfer->was_paused = transfer->discards = false;
    transfer->read_left = transfer->read_length;
    /* A burst without a connection shares the first one if the server can do that; if not, it waits once, for
     * the end of the first handshake. */
    transfer->waits_for_connection = transport->version != VERSION_1 && !transfer->connect_only;
    transfer->detail[0] = '\0';
    set_http_version(transfer, easy);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long)transfer->waits_for_connection);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, time_left_ms(transport, transfer));
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L);
    if (!transfer->connect_only)
        r = set_target(transport, easy, transfer);
    if (r == 0 && !transfer->connect_only)
        r = set_method(easy, transfer);
    if (r == 0 && curl_multi_add_handle(transport->multi, easy) != CURLM_OK)
        r = -ENOMEM;
    if (r < 0) {
        curl_easy_cleanup(easy);
        return r;
    }
    transfer->easy = easy;
    list_append(&transport->transfers, &transfer->link);
    return 0;
}

int transfer_start(struct transport *transport, struct transfer *transfer)
{
    int r;

    headers_clear(&transfer->response);
    transfer_clear_body(transfer);
    transfer->response_body.max = transfer->response_max;
    transfer->status = 0;
    transfer->sends = transfer->earlier_sends = 0;
    transfer->local_port = 0;
    transfer->closed_alive = transfer->wants_connection = transfer->answer_begun = false;
    transfer->connected = false;
    transfer->header_complete = false;
    transfer->was_cut = transfer->overflows = false;
    transfer->refusal = NULL;
    transfer->started_ms = transport->loop->now_ms;
    transfer->transport = transport;
    r = send_transfer(transport, transfer);
    if (r < 0) /* it is in no list */
        transfer->transport = NULL;
    return r;
}

/* Discards what libcurl kept of an answer while it was paused. If other transfers share the connection,
 * libcurl 7.88 does not free that at the end, and would pass it to the next transfer with the same handle. */
static void discard_paused(struct transfer *transfer, CURL *easy)
{
    transfer->discards = true;
    if (transfer->was_paused)
        curl_easy_pause(easy, CURLPAUSE_CONT);
}

void transfer_release_handle(struct transfer *transfer)
{
    struct transport *transport = transfer->transport;
    CURL *easy = TAKE_PTR(transfer->easy);

    list_remove(&transfer->link);
    discard_paused(transfer, easy);
    curl_multi_remove_handle(transport->multi, easy);
    /* A handle counts libcurl's own retries over all its transfers and stops after five, so one that had any
     * goes. So does one that was paused: it cannot be reset for certain. */
    if (transport->idle_count < IDLE_HANDLES_MAX && transfer->sends <= 1 && !transfer->was_paused &&
        !transfer->connect_only) {
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
        transport->idle[transport->idle_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

void transfer_cancel(struct transfer *transfer)
{
    if (transfer->easy)
        transfer_release_handle(transfer);
    else if (transfer->transport) /* its end is about to be reported */
        list_remove(&transfer->link);
    transfer->transport = NULL;
}

bool transfer_restart(struct transfer *transfer, CURLcode code)
{
    if (!transfer_may_be_restarted(transfer, code) || (transfer->read && transfer->rewind(transfer) < 0))
        return false;
    transfer_release_handle(transfer);
    transfer->earlier_sends = transfer->sends;
    return send_transfer(transfer->transport, transfer) == 0;
}

void transfer_resume(struct transfer *transfer)
{
    if (transfer->easy)
        curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}
