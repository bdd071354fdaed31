/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/connection_private.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

/* What one record holds at most (RFC 8446, section 5.1), so that a small head and its body go in one. Never
 * more at once: after -EAGAIN, OpenSSL wants at least as many bytes again, and this bound is the same each
 * time. */
#define RECORD_BYTES 16384

static pthread_mutex_t index_mutex = PTHREAD_MUTEX_INITIALIZER;
static int context_index = -1; /* of the connection in an SSL_CTX */

/* If there was no memory, the next connection tries again. */
static void make_index(void)
{
    pthread_mutex_lock(&index_mutex);
    if (context_index < 0)
        context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    pthread_mutex_unlock(&index_mutex);
}

/* Notes whether a read took all that the kernel had, so that no other is made in vain. */
static long connection_bio_called(BIO *bio, int operation, const char *data, size_t length, int argi,
                                  long argl, int ret, size_t *processed)
{
    struct connection_private *own = (void *)BIO_get_callback_arg(bio);

    (void)data;
    (void)argi;
    (void)argl;
    if (operation == (BIO_CB_READ | BIO_CB_RETURN) && ret > 0)
        own->is_drained = *processed < length;
    return ret;
}

/* Afterwards, libcurl does not say any more what ALPN chose, nor give the SSL structure away. */
static void connection_handshake_done(struct connection_private *own, SSL *ssl)
{
    const unsigned char *chosen;
    unsigned length;

    if (own->connection.is_open) /* renegotiated */
        return;
    SSL_get0_alpn_selected(ssl, &chosen, &length);
    own->connection.is_http2 = length == 2 && memcmp(chosen, "h2", 2) == 0;
    if (!own->ssl) {
        BIO_set_callback_ex(SSL_get_rbio(ssl), connection_bio_called);
        BIO_set_callback_arg(SSL_get_rbio(ssl), (char *)own);
    }
    own->ssl = ssl;
}

static void connection_tls_event(const SSL *ssl, int event, int value)
{
    (void)value;
    if (event & SSL_CB_HANDSHAKE_DONE)
        connection_handshake_done(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index), (SSL *)ssl);
}

static int set_alpn(const struct connection_private *own, SSL_CTX *context)
{
    static const unsigned char protocols[] = "\x02h2\x08http/1.1"; /* RFC 7301, section 3.1 */
    size_t skip = own->offers_http2 ? 0 : 3;

    return SSL_CTX_set_alpn_protos(context, protocols + skip, (unsigned)(sizeof(protocols) - 1 - skip));
}

/* CURLOPT_SSL_CTX_FUNCTION: before each handshake, first of an outgoing proxy with TLS. */
static CURLcode connection_prepare_context(CURL *easy, void *context_arg, void *arg)
{
    struct connection_private *own = arg;
    struct connector *connector = own->connector;
    SSL_CTX *context = context_arg;
    bool is_proxy = connector->proxy_is_tls && !own->ssl;
    struct tb_error err = TB_ERROR_INIT;

    if (!SSL_CTX_set_ex_data(context, context_index, own) || (!is_proxy && set_alpn(own, context) != 0))
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_info_callback(context, connection_tls_event);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (!is_proxy) /* libcurl asks the kernel whether the proxy has sent more */
        SSL_CTX_set_read_ahead(context, 1);
    if (connector->no_verify && !is_proxy)
        return CURLE_OK;
    if (certificates_use(is_proxy ? &connector->proxy_certificates : &connector->certificates, context,
                         connector->loop->now_ms, &err) == 0)
        return CURLE_OK;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL); /* libcurl's own message says less */
    snprintf(own->connection.detail, sizeof(own->connection.detail), "%.*s", TRANSFER_DETAIL_BYTES - 1,
             err.message);
    return CURLE_SSL_CACERT_BADFILE;
}

void connection_prepare_tls(struct connection_private *own)
{
    make_index();
    curl_easy_setopt(own->easy, CURLOPT_SSL_CTX_FUNCTION, connection_prepare_context);
    curl_easy_setopt(own->easy, CURLOPT_SSL_CTX_DATA, own);
}

/* libcurl has written its message, unless it had another before. */
static int lost(struct connection_private *own, CURLcode code, int r)
{
    if (!own->connection.detail[0])
        snprintf(own->connection.detail, sizeof(own->connection.detail), "%s", curl_easy_strerror(code));
    return r;
}

/* The first bytes of PARTS, as one piece: of the first part itself if it is enough. */
static const void *join(const struct iovec *parts, int count, char *joined, size_t *length)
{
    size_t take;
    int i;

    *length = 0;
    if (count == 1 || parts[0].iov_len >= RECORD_BYTES) {
        *length = parts[0].iov_len < RECORD_BYTES ? parts[0].iov_len : RECORD_BYTES;
        return parts[0].iov_base;
    }
    for (i = 0; i < count && *length < RECORD_BYTES; i++) {
        take = parts[i].iov_len < RECORD_BYTES - *length ? parts[i].iov_len : RECORD_BYTES - *length;
        if (take > 0) /* an empty part may be NULL */
            memcpy(joined + *length, parts[i].iov_base, take);
        *length += take;
    }
    return joined;
}

int connection_send_tls(struct connection_private *own, const struct iovec *parts, int count, size_t *ret)
{
    char joined[RECORD_BYTES];
    size_t length, sent = 0;
    const void *data = join(parts, count, joined, &length);
    CURLcode code = curl_easy_send(own->easy, data, length, &sent);

    if (code == CURLE_AGAIN) {
        own->is_writable = false;
        return -EAGAIN;
    }
    if (code != CURLE_OK) {
        shutdown(own->watch.fd, SHUT_WR); /* it may be sound, so that the server would wait for the rest */
        return lost(own, code, -EPIPE);
    }
    *ret = sent;
    return 0;
}

/* OpenSSL has nothing more, and neither has the kernel: an event will come. (With two layers of TLS this is
 * not known: the outer one reads no more than its record.) */
static bool has_all(const struct connection_private *own)
{
    return own->is_drained && !own->is_ending && !SSL_has_pending(own->ssl);
}

int connection_recv_tls(struct connection_private *own, void *data, size_t size, size_t *ret)
{
    size_t length = 0;
    CURLcode code = curl_easy_recv(own->easy, data, size, &length);

    if (code == CURLE_AGAIN) {
        own->is_readable = false;
        return -EAGAIN;
    }
    if (code != CURLE_OK)
        return lost(own, code, -ECONNRESET);
    /* libcurl reports a connection that just ends in the same way as a close_notify. */
    if (length == 0 && !(SSL_get_shutdown(own->ssl) & SSL_RECEIVED_SHUTDOWN)) {
        snprintf(own->connection.detail, sizeof(own->connection.detail), "it ended without a close_notify");
        return -ECONNRESET;
    }
    if (length > 0 && has_all(own))
        own->is_readable = false;
    *ret = length;
    return 0;
}
