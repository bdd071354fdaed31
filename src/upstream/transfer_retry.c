/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

/*
 * Retries that need no answer. libcurl sends a request again by itself if a kept connection turns out to be
 * dead, or if the server refused its HTTP/2 stream (REFUSED_STREAM, or beyond the last stream of a GOAWAY)
 * and so has not executed it (RFC 9113, section 8.7). transfer_before_sending() permits that or not. What
 * libcurl gives up although it may be sent again is started anew (transfer_may_be_restarted()).
 */

/* libcurl does not say which of the two it was; but it reports an error on an HTTP/2 connection, and the
 * connection of a refused stream is alive. Not with prior knowledge, with which libcurl also retries in other
 * cases. */
static bool was_refused(const struct transfer *transfer)
{
    const struct transport *transport = transfer->transport;

    return transport->version == VERSION_2 && !transport->has_prior_knowledge && !transport->spoke_http1 &&
           !transfer->detail[0] && transfer_connection_was_alive(transfer);
}

/* libcurl makes no more retries of its own either. */
#define SENDS_MAX 6

/* A proxy does not send a request twice that the server may have executed, unless that does no harm (RFC
 * 9110, section 9.2.2). */
static bool may_be_sent_again(const struct transfer *transfer)
{
    if (transfer->sends == transfer->earlier_sends)
        return true;
    return transfer->sends < SENDS_MAX && (transfer->may_be_sent_twice || was_refused(transfer));
}

/* Called when there is a connection, before the request is sent; and again if libcurl found a kept connection
 * dead and sends the request on a new one. */
int transfer_before_sending(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = arg;

    (void)remote;
    (void)local;
    (void)remote_port;
    if (!may_be_sent_again(transfer))
        return CURL_PREREQFUNC_ABORT;
    if (transfer->transport->has_prior_knowledge && transfer->sends > transfer->earlier_sends) {
        transfer->wants_restart = true; /* whether it can share a connection may have changed */
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->sends++;
    transfer->local_port = local_port;
    transfer->closed_alive = false;
    return CURL_PREREQFUNC_OK;
}

/* libcurl's retries are for HTTP/1. If an HTTP/2 connection ends, libcurl gives up what was on it; without a
 * message (CURLE_HTTP2), the only stream on it, if that is beyond the last one of a GOAWAY. */
bool transfer_may_be_restarted(const struct transfer *transfer, CURLcode code)
{
    if (transfer->wants_restart || (transfer->wants_connection && may_be_sent_again(transfer)))
        return true;
    if (transfer->transport->version != VERSION_2 || transfer->answer_begun || transfer->earlier_sends > 0)
        return false;
    if (code == CURLE_HTTP2 && !transfer->detail[0] && !transfer->transport->has_prior_knowledge &&
        !transfer->transport->spoke_http1)
        return true;
    return transfer->may_be_sent_twice && (code == CURLE_HTTP2 || code == CURLE_PARTIAL_FILE ||
                                           code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR);
}
