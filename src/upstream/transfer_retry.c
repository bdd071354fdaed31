/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

/* libcurl sends again after two things: a connection that died, and a stream of HTTP/2 that the server
 * refused (REFUSED_STREAM, or beyond the last stream of a GOAWAY), which it then has not executed (RFC 9113,
 * section 8.7). It does not say which; but it tells of an error on a connection of HTTP/2, and the refused
 * stream's is alive. Not with prior knowledge, where libcurl retries in other ways, too. */
static bool was_refused(const struct transfer *transfer)
{
    const struct transport *transport = transfer->transport;

    return transport->version == VERSION_2 && !transport->has_prior_knowledge && !transport->spoke_http1 &&
           !transfer->detail[0] && transfer_connection_was_alive(transfer);
}

/* More of its own retries libcurl does not make either. */
#define SENDS_MAX 6

/* A request that the server may have executed is not sent twice by a proxy unless that does no harm (RFC
 * 9110, section 9.2.2). */
bool transfer_may_be_sent_again(const struct transfer *transfer)
{
    if (transfer->sends == transfer->earlier_sends)
        return true;
    return transfer->sends < SENDS_MAX && (transfer->may_be_sent_twice || was_refused(transfer));
}

/* Called with a connection at hand, before the request is sent; again when libcurl found a kept connection
 * dead and sends on a new one, by itself. */
int transfer_before_sending(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = arg;

    (void)remote;
    (void)local;
    (void)remote_port;
    if (!transfer_may_be_sent_again(transfer))
        return CURL_PREREQFUNC_ABORT;
    if (transfer->transport->has_prior_knowledge && transfer->sends > transfer->earlier_sends) {
        transfer->wants_restart = true; /* it may share a connection now, or not any more */
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->sends++;
    transfer->local_port = local_port;
    transfer->closed_alive = false;
    return CURL_PREREQFUNC_OK;
}

/* Retries of libcurl's are for HTTP/1. On a connection of HTTP/2 that ended it gives up what was on it, and
 * without a word (CURLE_HTTP2) the only stream on it, where that is beyond the last one of a GOAWAY. */
static bool may_be_restarted(const struct transfer *transfer, CURLcode code)
{
    if (transfer->wants_connection || transfer->wants_restart)
        return true;
    if (transfer->transport->version != VERSION_2 || transfer->answer_begun || transfer->earlier_sends > 0)
        return false;
    if (code == CURLE_HTTP2 && !transfer->detail[0] && !transfer->transport->has_prior_knowledge &&
        !transfer->transport->spoke_http1)
        return true;
    return transfer->may_be_sent_twice && (code == CURLE_HTTP2 || code == CURLE_PARTIAL_FILE ||
                                           code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR);
}

bool transfer_restart(struct transfer *transfer, CURLcode code)
{
    if (!may_be_restarted(transfer, code) || (transfer->read && transfer->rewind(transfer) < 0))
        return false;
    transfer_release_handle(transfer);
    transfer->earlier_sends = transfer->sends;
    return transfer_send(transfer->transport, transfer) == 0;
}
