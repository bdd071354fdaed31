/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "transport/connection_private.h"

struct wire wire;

/* ---- certificates ---- */

static void add_extension(X509 *certificate, int id, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, id, value);

    ck_assert_ptr_nonnull(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* A self-signed one for localhost. */
static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(unit_random() >> 1));
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    return certificate;
}

static const char *write_certificate(unsigned index, const char *name, X509 *certificate)
{
    BIO *text = BIO_new(BIO_s_mem());
    const char *path;
    char *data;
    long length;

    ck_assert_int_eq(PEM_write_bio_X509(text, certificate), 1);
    length = BIO_get_mem_data(text, &data);
    path = unit_file(index, name, 0600, data, (size_t)length);
    BIO_free(text);
    return path;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *in,
                       unsigned in_length, void *arg)
{
    (void)ssl;
    (void)arg;
    ck_assert_uint_lt(in_length, sizeof(wire.offered));
    memcpy(wire.offered, in, in_length);
    if (!wire.alpn)
        return SSL_TLSEXT_ERR_NOACK;
    *out = (const unsigned char *)wire.alpn;
    *length = (unsigned char)strlen(wire.alpn);
    return SSL_TLSEXT_ERR_OK;
}

static void make_context(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key), *other = make_certificate(other_key);

    wire.ca_file[0] = write_certificate(0, "server.pem", certificate);
    wire.ca_file[1] = write_certificate(1, "other.pem", other);
    wire.context = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate(wire.context, certificate), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(wire.context, key), 1);
    SSL_CTX_set_alpn_select_cb(wire.context, choose_alpn, NULL);
    SSL_CTX_set_session_id_context(wire.context, (const unsigned char *)"wire", 4);
    X509_free(certificate);
    X509_free(other);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
}

/* ---- the server ---- */

static void listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    wire.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(wire.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(wire.listener, 8), 0);
    getsockname(wire.listener, (struct sockaddr *)&address, &length);
    wire.port = ntohs(address.sin_port);
}

static SSL *new_ssl(BIO *below)
{
    SSL *ssl = SSL_new(wire.context);

    SSL_set_bio(ssl, below, below);
    SSL_set_accept_state(ssl);
    return ssl;
}

/* TLS over the socket, or over the TLS of the proxy. */
static void begin_tls(void)
{
    BIO *below = wire.proxy_ssl ? BIO_new(BIO_f_ssl()) : BIO_new_socket(wire.peer, BIO_NOCLOSE);

    if (wire.proxy_ssl)
        BIO_set_ssl(below, wire.proxy_ssl, BIO_NOCLOSE);
    wire.ssl = new_ssl(below);
}

static void accept_peer(void)
{
    wire.peer = accept4(wire.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    wire.connect[0] = '\0';
    if (wire.peer < 0)
        return;
    setsockopt(wire.peer, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (wire.is_proxy && wire.proxy_has_tls)
        wire.proxy_ssl = new_ssl(BIO_new_socket(wire.peer, BIO_NOCLOSE));
    else if (!wire.is_proxy && wire.kind == WIRE_TLS)
        begin_tls();
}

/* Whether CONNECT has been answered. */
static bool answer_connect(void)
{
    size_t have = strlen(wire.connect), want = sizeof(wire.connect) - 1 - have;
    char *end = wire.connect + have;
    ssize_t length;

    if (strstr(wire.connect, "\r\n\r\n"))
        return true;
    length = wire.proxy_ssl ? SSL_read(wire.proxy_ssl, end, (int)want) : recv(wire.peer, end, want, 0);
    end[length > 0 ? length : 0] = '\0';
    if (!strstr(wire.connect, "\r\n\r\n"))
        return false;
    peer_send(wire.proxy_answers);
    if (wire.kind == WIRE_TLS)
        begin_tls();
    return true;
}

static bool peer_is_ready(void)
{
    if (wire.peer < 0 || wire.is_mute || (wire.is_proxy && !answer_connect()))
        return false;
    if (!wire.ssl || SSL_is_init_finished(wire.ssl))
        return true;
    if (SSL_do_handshake(wire.ssl) != 1)
        return false;
    if (wire.greeting)
        peer_send(wire.greeting);
    return true;
}

void wire_turn(void)
{
    ck_assert_int_eq(loop_turn(&wire.loop, 5), 0);
    if (wire.peer == -1 && wire.listener >= 0 && !wire.waiting[0])
        accept_peer();
    signal(SIGPIPE, SIG_IGN); /* the server's, not ours */
    peer_is_ready();
    signal(SIGPIPE, SIG_DFL);
    ERR_clear_error();
}

/* The outermost layer that is there. */
static SSL *peer_ssl(void)
{
    return wire.ssl ? wire.ssl : wire.proxy_ssl;
}

void peer_send(const char *text)
{
    int length = (int)strlen(text);
    SSL *ssl = peer_ssl();

    if (ssl)
        ck_assert_int_eq(SSL_write(ssl, text, length), length);
    else
        ck_assert_int_eq(send(wire.peer, text, strlen(text), MSG_NOSIGNAL), length);
}

size_t peer_recv(void *data, size_t size)
{
    SSL *ssl = peer_ssl();
    ssize_t length = ssl ? SSL_read(ssl, data, (int)size) : recv(wire.peer, data, size, 0);

    return length > 0 ? (size_t)length : 0;
}

void peer_expect(const char *text)
{
    char data[4096] = "";
    size_t length = 0;

    WIRE_UNTIL((length += peer_recv(data + length, sizeof(data) - 1 - length)) >= strlen(text));
    ck_assert_str_eq(data, text);
}

void peer_send_close_notify(void)
{
    SSL_shutdown(peer_ssl());
}

void peer_close(void)
{
    SSL_free(wire.ssl); /* sends nothing */
    SSL_free(wire.proxy_ssl);
    wire.ssl = wire.proxy_ssl = NULL;
    close(wire.peer);
    wire.peer = -1;
}

void peer_reset(void)
{
    struct linger linger = {1, 0};

    setsockopt(wire.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    peer_close();
}

void wire_fill_backlog(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    size_t i;

    getsockname(wire.listener, (struct sockaddr *)&address, &length);
    ck_assert_int_eq(listen(wire.listener, 0), 0);
    for (i = 0; i < ARRAY_SIZE(wire.waiting); i++) {
        wire.waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(wire.waiting[i], (struct sockaddr *)&address, sizeof(address));
    }
}

void wire_stop_listening(void)
{
    if (wire.listener < 0)
        return;
    close(wire.listener);
    wire.listener = -1;
    wire.descriptors--;
}

/* ---- the connection ---- */

static void called(struct connection *connection, unsigned *count)
{
    ck_assert_ptr_eq(connection, wire.connection);
    ck_assert_ptr_eq(connection->owner, &wire);
    ++*count;
    if (wire.closes_in == count)
        wire_close();
}

static void wire_opened(struct connection *connection)
{
    ck_assert(connection->is_open);
    called(connection, &wire.opened);
}

static void wire_failed(struct connection *connection)
{
    ck_assert(!connection->is_open);
    ck_assert_ptr_nonnull(connection->error.token);
    ck_assert_str_ne(connection->detail, "");
    called(connection, &wire.failed);
}

static void wire_is_ready(struct connection *connection)
{
    ck_assert_uint_gt(wire.opened, 0);
    called(connection, &wire.ready);
}

static const struct connection_events wire_events = {wire_opened, wire_failed, wire_is_ready};

void wire_begin(enum wire_kind kind, struct transport_options options)
{
    char url[64], proxy[64];
    struct tb_error err = TB_ERROR_INIT;

    wire = (struct wire){.peer = -1, .kind = kind, .proxy_answers = "HTTP/1.1 200 \r\n\r\n"};
    wire_lookups = 0;
    ck_assert_int_eq(loop_init(&wire.loop), 0);
    listen_on_loopback();
    make_context();
    snprintf(url, sizeof(url), "%s://%s:%u", kind == WIRE_TLS ? "https" : "http",
             options.url ? options.url : "127.0.0.1", wire.port);
    options.url = url;
    if (!options.ca_file)
        options.ca_file = wire.ca_file[0];
    else if (strcmp(options.ca_file, WIRE_OTHER_CA) == 0)
        options.ca_file = wire.ca_file[1];
    if (options.connect_timeout_ms == 0)
        options.connect_timeout_ms = WIRE_PATIENCE_MS;
    wire.is_proxy = options.proxy != NULL;
    wire.proxy_has_tls = wire.is_proxy && strcmp(options.proxy, "https") == 0;
    snprintf(proxy, sizeof(proxy), "%s://joe@127.0.0.1:%u", options.proxy, wire.port);
    if (wire.is_proxy)
        options.proxy = proxy;
    ck_assert_int_eq(connector_new(&wire.loop, &options, &wire.connector, &err), 0);
    if (wire.proxy_has_tls) /* instead of the system's certificates */
        wire.connector->proxy_certificates.file = wire.ca_file[0];
    wire.descriptors = wire_descriptors();
}

void wire_open(bool offers_http2)
{
    ck_assert_int_eq(connection_open(wire.connector, offers_http2, &wire_events, &wire, &wire.connection), 0);
}

int wire_recv(size_t *ret)
{
    static char data[65536];

    return connection_recv(wire.connection, data, sizeof(data), ret);
}

void wire_begin_to_use(bool offers_http2)
{
    unsigned ready = wire.ready;

    wire_open(offers_http2);
    WIRE_UNTIL(wire.ready > ready && peer_is_ready());
}

void wire_connect(bool offers_http2)
{
    size_t length;

    wire_begin_to_use(offers_http2);
    while (wire_recv(&length) == 0)
        ck_assert_uint_eq(length, 0);
}

void wire_close(void)
{
    connection_close(wire.connection);
    wire.connection = NULL;
}

void wire_send(const char *text)
{
    size_t sent = 0;

    ck_assert_int_eq(
        connection_send(wire.connection, &(struct iovec){(void *)(uintptr_t)text, strlen(text)}, 1, &sent),
        0);
    ck_assert_uint_eq(sent, strlen(text));
}

static size_t receive_into(char *data, size_t size)
{
    size_t length = 0;
    int r = connection_recv(wire.connection, data, size, &length);

    ck_assert_msg(r == 0 || r == -EAGAIN, "%d: %s", r, wire.connection->detail);
    ck_assert(r < 0 || length > 0);
    return length;
}

void wire_expect(const char *text)
{
    char data[4096] = "";
    size_t length = 0;

    WIRE_UNTIL((length += receive_into(data + length, sizeof(data) - 1 - length)) >= strlen(text));
    ck_assert_str_eq(data, text);
}

void wire_wait_kernel(short events)
{
    struct pollfd poll_fd = {.fd = wire.connection->own->watch.fd, .events = events};

    ck_assert_int_eq(poll(&poll_fd, 1, WIRE_PATIENCE_MS), 1);
}

void wire_limit_buffer(int bytes)
{
    ck_assert_int_eq(setsockopt(wire.connection->own->watch.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)),
                     0);
}

unsigned wire_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

void wire_end(void)
{
    size_t i;

    wire_close();
    if (wire.peer >= 0)
        peer_close();
    for (i = 0; i < ARRAY_SIZE(wire.waiting) && wire.waiting[i]; i++)
        close(wire.waiting[i]);
    wire_stop_listening();
    ck_assert_uint_eq(wire_descriptors(), wire.descriptors);
    ck_assert_ptr_null(wire.loop.timers.root);
    connector_free(wire.connector);
    SSL_CTX_free(wire.context);
    loop_close(&wire.loop);
}
