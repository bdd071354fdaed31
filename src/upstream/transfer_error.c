/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

#include <stdio.h>

#include "http/proxy_status.h"

bool transfer_failed_in_tls(const struct transfer *transfer)
{
    return transfer->status == 0 && transfer->error.token && strncmp(transfer->error.token, "tls_", 4) == 0;
}

bool transfer_was_not_sent(const struct transfer *transfer)
{
    return transfer->status == 0 && transfer->sends == 0;
}

/* RFC 9209, section 2.3, for what libcurl reports. */
static const struct {
    CURLcode code;
    struct transfer_error error;
} errors[] = {
    {CURLE_COULDNT_RESOLVE_HOST, {502, "dns_error"}},
    {CURLE_COULDNT_RESOLVE_PROXY, {502, "dns_error"}},
    {CURLE_PROXY, {502, "connection_refused"}},
    {CURLE_COULDNT_CONNECT, {502, "connection_refused"}},
    {CURLE_SEND_ERROR, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_RECV_ERROR, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_GOT_NOTHING, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_ABORTED_BY_CALLBACK, {502, PROXY_STATUS_CONNECTION_TERMINATED}}, /* transfer_before_sending() */
    {CURLE_SEND_FAIL_REWIND, {502, PROXY_STATUS_CONNECTION_TERMINATED}},
    {CURLE_PARTIAL_FILE, {502, "http_response_incomplete"}},
    {CURLE_HTTP2, {502, "http_protocol_error"}},
    {CURLE_HTTP2_STREAM, {502, "http_protocol_error"}},
    {CURLE_WEIRD_SERVER_REPLY, {502, "http_protocol_error"}},
    {CURLE_UNSUPPORTED_PROTOCOL, {502, "http_protocol_error"}},
    {CURLE_PEER_FAILED_VERIFICATION, {502, "tls_certificate_error"}},
    {CURLE_SSL_CACERT_BADFILE, {502, "tls_certificate_error"}},
    {CURLE_SSL_CERTPROBLEM, {502, "tls_certificate_error"}},
    {CURLE_SSL_CONNECT_ERROR, {502, "tls_protocol_error"}},
    {CURLE_OPERATION_TIMEDOUT, {504, "http_response_timeout"}},
};

void transfer_set_error(struct transfer *transfer, CURLcode code)
{
    size_t i;

    transfer->status = 0;
    if ((code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK) && transfer->refusal) {
        snprintf(transfer->detail, sizeof(transfer->detail), "%s", transfer->refusal);
        return;
    }
    transfer->error = (struct transfer_error){502, PROXY_STATUS_INTERNAL_ERROR};
    for (i = 0; i < ARRAY_SIZE(errors); i++)
        if (errors[i].code == code)
            transfer->error = errors[i].error;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        snprintf(transfer->detail, sizeof(transfer->detail),
                 "the connection was lost; not sent again, because the server may have executed it");
    else if (!transfer->detail[0])
        snprintf(transfer->detail, sizeof(transfer->detail), "%s", curl_easy_strerror(code));
}
