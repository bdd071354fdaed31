/* SPDX-License-Identifier: Apache-2.0 */
#include "client/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>

#define IDLE_HANDLES_MAX 64

/* The server closes a connection that was idle for 60 s (wire facts); one kept longer could meet that close.
 */
#define CONNECTION_IDLE_S 50L

#define BUFFER_BYTES 65536L /* read from a connection at once */

/* A file descriptor of libcurl's. Its interest in a connection ends with every transfer and comes back with
 * the next one; the kernel is told only of what changes. */
struct socket_watch {
    struct watch watch;
    struct transport *transport;
    bool is_connection;  /* not a descriptor that libcurl uses inside, which it closes without a word */
    uint32_t wanted;     /* events that libcurl asked for */
    uint32_t registered; /* events that the kernel knows of; 0: not registered */
};

/* Of a server, as far as its answers told. */
enum http_version { VERSION_UNKNOWN, VERSION_1, VERSION_2 };

struct transport {
    struct loop *loop;
    struct transport_options options;
    char *url;
    char *unix_socket, *ca_file, *certificate_file, *key_file; /* NULL: none */
    char *proxy, *proxy_user, *proxy_password;                 /* NULL: none; the first without the second */
    char *prefix;                                              /* path of the URL without its last slash */
    char *host;                                                /* with the port, as the Host header has it */
    CURLM *multi;
    struct timer timer;            /* libcurl's own */
    bool kicked;                   /* libcurl wants to be called at once */
    struct list transfers;         /* under way */
    enum http_version version;     /* of the last answer */
    bool has_prior_knowledge;      /* of HTTP/2, without TLS */
    size_t connections;            /* open */
    bool spoke_http1;              /* some answer was one of HTTP/1 */
    struct socket_watch **sockets; /* index: file descriptor */
    size_t socket_count;
    CURL *idle[IDLE_HANDLES_MAX]; /* prepared handles */
    size_t idle_count;
};

static void perform(struct transport *transport, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(transport->multi, fd, events, &running);
}

static void socket_ready(struct watch *watch, uint32_t events)
{
    struct socket_watch *sock = CONTAINER_OF(watch, struct socket_watch, watch);
    int flags = 0;

    if (sock->wanted == 0) { /* news of an idle connection: libcurl looks itself before it uses it again */
        loop_remove(sock->transport->loop, watch);
        sock->registered = 0;
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        flags |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        flags |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        flags |= CURL_CSELECT_ERR;
    perform(sock->transport, watch->fd, flags);
}

static struct socket_watch *socket_of(struct transport *transport, curl_socket_t fd)
{
    size_t index = (size_t)fd;

    if (index >= transport->socket_count) {
        size_t count = index + 64;
        struct socket_watch **sockets =
            reallocarray(transport->sockets, count, sizeof(struct socket_watch *));

        if (!sockets)
            return NULL;
        memset(sockets + transport->socket_count, 0,
               (count - transport->socket_count) * sizeof(struct socket_watch *));
        transport->sockets = sockets;
        transport->socket_count = count;
    }
    if (!transport->sockets[index]) {
        struct socket_watch *sock = calloc(1, sizeof(*sock));

        if (!sock)
            return NULL;
        sock->watch = (struct watch){.fd = fd, .ready = socket_ready};
        sock->transport = transport;
        transport->sockets[index] = sock;
    }
    return transport->sockets[index];
}

static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct transport *transport = arg;
    struct socket_watch *sock = socket_of(transport, fd);
    uint32_t wanted =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    int r;

    (void)easy;
    (void)unused;
    if (!sock)
        return -1;
    if (what == CURL_POLL_REMOVE)
        wanted = 0;
    sock->wanted = wanted;
    if (wanted == 0 && !sock->is_connection) {
        if (sock->registered)
            loop_remove(transport->loop, &sock->watch);
        sock->registered = 0;
        return 0;
    }
    if (wanted == 0) /* lazily: an idle connection stays registered for reading */
        wanted = EPOLLIN;
    if (wanted == sock->registered)
        return 0;
    r = sock->registered ? loop_change(transport->loop, &sock->watch, wanted)
                         : loop_add(transport->loop, &sock->watch, wanted);
    sock->registered = r == 0 ? wanted : 0;
    return r == 0 ? 0 : -1;
}

static void timer_expired(struct timer *timer)
{
    struct transport *transport = CONTAINER_OF(timer, struct transport, timer);

    perform(transport, CURL_SOCKET_TIMEOUT, 0);
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

/* The path of URL, which goes in front of every target: "" for http://host/, "/tb" for http://host/tb/. */
static int url_prefix(const char *text, char **ret, struct tb_error *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *path = NULL;
    int r = 0;

    if (strchr(text, '@') || strchr(text, '?') || strchr(text, '#')) /* not shown: it may hold a password */
        r = tb_error_set(err, -EINVAL, "it must have no user, password, query or fragment");
    else if (!url || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
             curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        r = tb_error_set(err, -EINVAL, "\"%s\" is no URL of the form http[s]://host[:port]", text);
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        r = tb_error_set(err, -EINVAL, "\"%s\" must begin with http:// or https://", text);
    else if (!(*ret = strndup(path, path[strlen(path) - 1] == '/' ? strlen(path) - 1 : strlen(path))))
        r = tb_error_set(err, -ENOMEM, "out of memory");
    curl_free(scheme);
    curl_free(path);
    curl_url_cleanup(url);
    return r;
}

/* The authority of URL, which url_prefix() has checked. */
static int url_host(const char *text, char **ret)
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

    return url_prefix(url, &prefix, err);
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
        r = tb_error_set(err, -EINVAL, "it must have no password: that is read from a file");
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

/* A user in the URL would be one without a password for libcurl, whatever password it is told. */
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

static int copy_options(struct transport *transport, const struct transport_options *options)
{
    transport->options = *options;
    return copy_string(options->url, &transport->url) < 0 ||
                   copy_string(options->unix_socket, &transport->unix_socket) < 0 ||
                   copy_string(options->ca_file, &transport->ca_file) < 0 ||
                   copy_string(options->certificate_file, &transport->certificate_file) < 0 ||
                   copy_string(options->key_file, &transport->key_file) < 0 ||
                   copy_proxy(options->proxy, transport) < 0 ||
                   copy_string(options->proxy_password, &transport->proxy_password) < 0
               ? -ENOMEM
               : 0;
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
    if (copy_options(transport, options) < 0 || !transport->multi)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    else
        r = url_prefix(options->url, &transport->prefix, err);
    if (r == 0 && url_host(options->url, &transport->host) < 0)
        r = tb_error_set(err, -ENOMEM, "out of memory");
    if (r < 0) {
        transport_free(transport);
        return r;
    }
    curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
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
    free(transport->certificate_file);
    free(transport->key_file);
    free(transport->proxy);
    free(transport->proxy_user);
    free_secret(transport->proxy_password);
    free(transport->prefix);
    free(transport->host);
    free(transport);
}

/* Ends the transfer from inside a callback of libcurl; the reason is kept for set_error(). */
static size_t give_up(struct transfer *transfer, const char *token, const char *reason)
{
    transfer->error = (struct transfer_error){502, token};
    transfer->refusal = reason;
    return CURL_WRITEFUNC_ERROR;
}

static size_t keep(struct transfer *transfer, const char *data, size_t length)
{
    bool cut = transfer->cut && length > transfer->response_max - transfer->response_body.len;
    if (cut)
        length = transfer->response_max - transfer->response_body.len;
    if (transfer->quota && !quota_take(transfer->quota, length))
        return give_up(transfer, "proxy_internal_error", "too many bodies are under way for this answer's");
    if (buf_append(&transfer->response_body, data, length) == 0) {
        transfer->was_cut = cut;
        return cut ? CURL_WRITEFUNC_ERROR : length;
    }
    if (transfer->quota)
        quota_give_back(transfer->quota, length);
    return give_up(transfer, "http_response_body_size", "the answer's body is larger than the limit");
}

/* Whether the body goes to who wants it as it comes. */
static bool is_passed_on(struct transfer *transfer)
{
    long status = 0;

    if (!transfer->write)
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->status = (int)status;
    return status >= 200 && status < 300;
}

static size_t body_arrived(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = size * count;
    int r;

    if (transfer->discards)
        return length;
    r = is_passed_on(transfer) ? transfer->write(transfer, data, length) : TRANSFER_KEEP;

    if (r == -EAGAIN) {
        transfer->was_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (r < 0)
        return give_up(transfer, "http_response_incomplete", "nobody takes the answer's body");
    return r == 0 ? length : keep(transfer, data, length);
}

static size_t body_wanted(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = 0;
    int r = transfer->read(transfer, data, size * count, &length);

    return r == 0 ? length : r == -EAGAIN ? CURL_READFUNC_PAUSE : CURL_READFUNC_ABORT;
}

/* libcurl begins again on another connection, by itself. */
static int body_sought(void *arg, curl_off_t offset, int origin)
{
    struct transfer *transfer = arg;

    return offset == 0 && origin == SEEK_SET && transfer->rewind(transfer) == 0 ? CURL_SEEKFUNC_OK
                                                                                : CURL_SEEKFUNC_FAIL;
}

void transfer_clear_body(struct transfer *transfer)
{
    if (transfer->quota)
        quota_give_back(transfer->quota, transfer->response_body.len);
    buf_clear(&transfer->response_body);
}

void transfer_free(struct transfer *transfer)
{
    transfer_clear_body(transfer);
    buf_free(&transfer->response_body);
    headers_free(&transfer->response);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 9112, section 6.3: several lengths, or one that libcurl would read in part. */
static bool has_unclear_length(const struct headers *headers)
{
    const char *line, *first = headers_find(headers, "Content-Length");

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (header_is(line, "Content-Length") && strcmp(header_value(line), first) != 0)
            return true;
    return first && (first[strspn(first, "0123456789")] || headers_find(headers, "Transfer-Encoding"));
}

static size_t header_ended(struct transfer *transfer, size_t length)
{
    transfer->header_complete = true;
    if (has_unclear_length(&transfer->response))
        return give_up(transfer, "http_protocol_error", "the answer's length is unclear");
    if (is_passed_on(transfer) && transfer->write(transfer, "", 0) < 0)
        return give_up(transfer, "http_response_incomplete", "nobody takes the answer's body");
    return length;
}

/* Called for every header line, the status line and the empty one; also for those of an interim answer (1xx),
 * which the status line of the real one makes forgotten, and for trailers, which are ignored. */
static size_t header_arrived(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = size * count, end = length;
    const char *colon = memchr(data, ':', length);
    const char *value;

    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        headers_clear(&transfer->response);
        transfer->answer_begun = true;
        transfer->header_complete = false;
        if (length >= 12 && memcmp(data + 8, " 101", 4) == 0) /* no other protocol is asked for */
            return give_up(transfer, "http_protocol_error", "the server changes the protocol unasked");
        return length;
    }
    while (end > 0 && is_blank(data[end - 1]))
        end--;
    if (end == 0 && !transfer->header_complete)
        return header_ended(transfer, length);
    if (end > 0 && is_blank(data[0])) /* it belongs to the line before (RFC 9112, section 5.2) */
        return give_up(transfer, "http_protocol_error", "a header of the answer is folded");
    if (transfer->header_complete || !colon)
        return length;
    for (value = colon + 1; value < data + end && is_blank(*value); value++)
        ;
    if (value > data + end) /* a header without a value */
        value = data + end;
    if (headers_add(&transfer->response, data, (size_t)(colon - data), value, (size_t)(data + end - value)) <
        0)
        return give_up(transfer, "http_response_header_section_size",
                       "the answer's header is larger than the limit");
    return length;
}

static int local_port_of(curl_socket_t fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port) : 0;
}

/* Whether neither side has ended the connection. */
static bool is_alive(curl_socket_t fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_ESTABLISHED;
}

/* Whether the server keeps the connection that it was sent on open, or did when we closed it. */
static bool connection_was_alive(const struct transfer *transfer)
{
    const struct transport *transport = transfer->transport;
    size_t i;

    for (i = 0; i < transport->socket_count; i++)
        if (transport->sockets[i] && transport->sockets[i]->is_connection &&
            local_port_of(transport->sockets[i]->watch.fd) == transfer->local_port)
            return is_alive(transport->sockets[i]->watch.fd);
    return transfer->closed_alive;
}

/* Before we close the connection FD. */
static void note_closing(struct transport *transport, curl_socket_t fd)
{
    int port = local_port_of(fd);
    struct list *link;

    for (link = transport->transfers.next; link != &transport->transfers; link = link->next) {
        struct transfer *transfer = CONTAINER_OF(link, struct transfer, link);

        if (transfer->local_port == port)
            transfer->closed_alive = is_alive(fd);
    }
}

/* libcurl sends again after two things: a connection that died, and a stream of HTTP/2 that the server
 * refused (REFUSED_STREAM, or beyond the last stream of a GOAWAY), which it then has not executed (RFC 9113,
 * section 8.7). It does not say which; but it tells of an error on a connection of HTTP/2, and the refused
 * stream's is alive. Not with prior knowledge, where libcurl repeats in other ways, too. */
static bool was_refused(const struct transfer *transfer)
{
    const struct transport *transport = transfer->transport;

    return transport->version == VERSION_2 && !transport->has_prior_knowledge && !transport->spoke_http1 &&
           !transfer->detail[0] && connection_was_alive(transfer);
}

/* More of its own repeats libcurl does not make either. */
#define SENDS_MAX 6

/* A request that the server may have executed is not sent twice by a proxy unless that does no harm (RFC
 * 9110, section 9.2.2). */
static bool may_be_sent_again(const struct transfer *transfer)
{
    if (transfer->sends == transfer->earlier_sends)
        return true;
    return transfer->sends < SENDS_MAX && (transfer->may_be_sent_twice || was_refused(transfer));
}

static curl_socket_t socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = arg;
    struct transport *transport = transfer->transport;
    struct socket_watch *sock;
    curl_socket_t fd;

    (void)purpose;
    transfer->has_socket = true;
    transfer->wants_connection =
        transport->has_prior_knowledge && !transfer->opens && may_be_sent_again(transfer);
    if (transport->has_prior_knowledge && !transfer->opens)
        return CURL_SOCKET_BAD; /* started anew, see opens_connection() */
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    sock = socket_of(transport, fd);
    if (!sock) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    sock->is_connection = true;
    transport->connections++;
    return fd;
}

static int socket_close(void *arg, curl_socket_t fd)
{
    struct transport *transport = arg;
    size_t index = (size_t)fd;

    transport->connections--;
    note_closing(transport, fd);
    if (index < transport->socket_count && transport->sockets[index]) {
        if (transport->sockets[index]->registered)
            loop_remove(transport->loop, &transport->sockets[index]->watch);
        free(transport->sockets[index]);
        transport->sockets[index] = NULL;
    }
    return close(fd);
}

/* Called with a connection at hand, before the request is sent; again when libcurl found a kept connection
 * dead and sends on a new one, by itself. */
static int before_sending(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = arg;

    (void)remote;
    (void)local;
    (void)remote_port;
    if (!may_be_sent_again(transfer))
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

static void set_tls(const struct transport *transport, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                     transport->options.tls_1_3 ? (long)CURL_SSLVERSION_TLSv1_3
                                                : (long)CURL_SSLVERSION_TLSv1_2); /* at least */
    if (transport->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, transport->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
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
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L); /* a quiet stream whose server is gone ends */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transport->options.connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_arrived);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, body_wanted);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, body_sought);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_arrived);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, socket_open);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transport);
    if (transport->unix_socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, transport->unix_socket);
    set_tls(transport, easy);
    return easy;
}

/* A handle for a connection alone, which no other transfer had and none will have. */
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

static CURL *take_handle(struct transport *transport, const struct transfer *transfer)
{
    if (transfer->connect_only)
        return prepare_connect_only(transport);
    return transport->idle_count ? transport->idle[--transport->idle_count] : prepare_handle(transport);
}

static CURLcode add_part(curl_mime *mime, const struct transfer_part *part)
{
    curl_mimepart *out = curl_mime_addpart(mime);
    CURLcode code = out ? curl_mime_name(out, part->name) : CURLE_OUT_OF_MEMORY;

    if (code == CURLE_OK)
        code =
            part->file ? curl_mime_filedata(out, part->file) : curl_mime_data(out, part->data, part->length);
    if (code == CURLE_OK) /* also takes away the file name that libcurl has made of the path */
        code = curl_mime_filename(out, part->file_name);
    if (code == CURLE_OK && part->content_type)
        code = curl_mime_type(out, part->content_type);
    return code;
}

/* Made anew each time it is sent, so that files are read from their beginning. */
static int set_parts(CURL *easy, struct transfer *transfer)
{
    CURLcode code = CURLE_OK;
    size_t i;

    transfer->mime = curl_mime_init(easy);
    if (!transfer->mime)
        return -ENOMEM;
    for (i = 0; code == CURLE_OK && i < transfer->part_count; i++)
        code = add_part(transfer->mime, &transfer->parts[i]);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_MIMEPOST, transfer->mime);
    return code == CURLE_OK ? 0 : code == CURLE_READ_ERROR ? -EIO : -ENOMEM;
}

/* The order matters: each of the first three sets what the others left behind. */
static int set_method(CURL *easy, const struct transfer *transfer)
{
    bool head = strcmp(transfer->method, "HEAD") == 0;

    if (transfer->parts) {
        /* set_parts() did it */
    } else if (transfer->read) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->read_length);
    } else if (transfer->body || strcmp(transfer->method, "POST") == 0 ||
               strcmp(transfer->method, "PUT") == 0 || strcmp(transfer->method, "PATCH") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body ? transfer->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_length);
    } else if (head) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
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

static void free_mime(struct transfer *transfer)
{
    curl_mime_free(transfer->mime);
    transfer->mime = NULL;
}

/* How much of its time is left after an earlier try. */
static long time_left_ms(const struct transport *transport, const struct transfer *transfer)
{
    int64_t left_ms = transfer->started_ms + transfer->timeout_ms - transport->loop->now_ms;

    if (transfer->timeout_ms == 0)
        return 0;
    return left_ms > 0 ? (long)left_ms : 1;
}

/* Whether a transfer that starts now has to make the connection, with prior knowledge. libcurl before 8.0
 * breaks a connection on which that is said twice, so who shares one must not say it; and who says nothing
 * and gets no connection to share is started anew. */
static bool opens_connection(const struct transport *transport, bool wanted_one)
{
    const struct list *link;

    if (!transport->has_prior_knowledge || (transport->connections > 0 && !wanted_one))
        return false;
    for (link = transport->transfers.next; link != &transport->transfers; link = link->next) {
        const struct transfer *other = CONTAINER_OF(link, struct transfer, link);

        if (other->opens && other->sends == 0)
            return false;
    }
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

static int send_transfer(struct transport *transport, struct transfer *transfer)
{
    CURL *easy = take_handle(transport, transfer);
    int r = 0;

    if (!easy)
        return -ENOMEM;
    transfer->opens = !transfer->connect_only && opens_connection(transport, transfer->wants_connection);
    transfer->has_socket = transfer->wants_connection = transfer->wants_restart = false;
    transfer->was_paused = transfer->discards = false;
    /* A burst on no connection shares the first where the server can do that; where it cannot, the wait is
     * that for the end of the first one's handshake, once. */
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
    if (!transfer->connect_only)
        r = set_target(transport, easy, transfer);
    if (r == 0 && transfer->parts)
        r = set_parts(easy, transfer);
    if (r == 0 && !transfer->connect_only)
        r = set_method(easy, transfer);
    if (r == 0 && curl_multi_add_handle(transport->multi, easy) != CURLM_OK)
        r = -ENOMEM;
    if (r < 0) {
        curl_easy_cleanup(easy);
        free_mime(transfer);
        return r;
    }
    transfer->easy = easy;
    list_append(&transport->transfers, &transfer->link);
    return 0;
}

int transfer_start(struct transport *transport, struct transfer *transfer)
{
    headers_clear(&transfer->response);
    transfer_clear_body(transfer);
    transfer->response_body.max = transfer->response_max;
    transfer->status = 0;
    transfer->sends = transfer->earlier_sends = 0;
    transfer->local_port = 0;
    transfer->closed_alive = transfer->wants_connection = transfer->answer_begun = false;
    transfer->connected = false;
    transfer->header_complete = false;
    transfer->was_cut = false;
    transfer->refusal = NULL;
    transfer->started_ms = transport->loop->now_ms;
    transfer->transport = transport;
    return send_transfer(transport, transfer);
}

/* What libcurl has kept of an answer while it was paused. Where other transfers share the connection,
 * libcurl 7.88 does not free it at the end, and would give it to the next one with the same handle. */
static void discard_paused(struct transfer *transfer, CURL *easy)
{
    transfer->discards = true;
    if (transfer->was_paused)
        curl_easy_pause(easy, CURLPAUSE_CONT);
}

/* Takes the handle back from a transfer and keeps it for the next. */
static void release_handle(struct transfer *transfer)
{
    struct transport *transport = transfer->transport;
    CURL *easy = TAKE_PTR(transfer->easy);
    bool had_parts = transfer->mime != NULL;

    list_remove(&transfer->link);
    discard_paused(transfer, easy);
    curl_multi_remove_handle(transport->multi, easy);
    /* A handle counts libcurl's own repeats over all its transfers and stops after five, so one that had any
     * goes. So does one that had a multipart body, or was paused: what that left cannot be taken from it for
     * sure. */
    if (transport->idle_count < IDLE_HANDLES_MAX && transfer->sends <= 1 && !had_parts &&
        !transfer->was_paused && !transfer->connect_only) {
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
        transport->idle[transport->idle_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
    free_mime(transfer);
}

void transfer_cancel(struct transfer *transfer)
{
    if (transfer->easy)
        release_handle(transfer);
    else if (transfer->transport) /* about to be told its end */
        list_remove(&transfer->link);
    transfer->transport = NULL;
}

int transfer_take_socket(struct transport *transport, struct transfer *transfer)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct socket_watch *sock;

    if (!transfer->easy || curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD)
        return -ENOTCONN;
    sock = socket_of(transport, fd);
    if (sock && sock->registered) {
        loop_remove(transport->loop, &sock->watch);
        sock->registered = 0;
    }
    return (int)fd;
}

void transfer_resume(struct transfer *transfer)
{
    if (transfer->easy)
        curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

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
    {CURLE_SEND_ERROR, {502, "connection_terminated"}},
    {CURLE_RECV_ERROR, {502, "connection_terminated"}},
    {CURLE_GOT_NOTHING, {502, "connection_terminated"}},
    {CURLE_ABORTED_BY_CALLBACK, {502, "connection_terminated"}}, /* before_sending() */
    {CURLE_SEND_FAIL_REWIND, {502, "connection_terminated"}},
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

static void set_error(struct transfer *transfer, CURLcode code)
{
    size_t i;

    transfer->status = 0;
    if (code == CURLE_WRITE_ERROR && transfer->refusal) {
        snprintf(transfer->detail, sizeof(transfer->detail), "%s", transfer->refusal);
        return;
    }
    transfer->error = (struct transfer_error){502, "proxy_internal_error"};
    for (i = 0; i < ARRAY_SIZE(errors); i++)
        if (errors[i].code == code)
            transfer->error = errors[i].error;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        snprintf(transfer->detail, sizeof(transfer->detail),
                 "the connection was lost; not sent again, because the server may have executed it");
    else if (!transfer->detail[0])
        snprintf(transfer->detail, sizeof(transfer->detail), "%s", curl_easy_strerror(code));
}

/* Repeats of libcurl's are for HTTP/1. On a connection of HTTP/2 that ended it gives up what was on it, and
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

static bool restart(struct transfer *transfer, CURLcode code)
{
    if (!may_be_restarted(transfer, code) || (transfer->read && transfer->rewind(transfer) < 0))
        return false;
    release_handle(transfer);
    transfer->earlier_sends = transfer->sends;
    return send_transfer(transfer->transport, transfer) == 0;
}

static void end_transfer(struct transfer *transfer)
{
    transfer_cancel(transfer);
    transfer->done(transfer);
}

/* No connection can be made: that is also the end of those that wait for one to share, or each of them would
 * try it for itself, one after the other. */
static void end_waiting(struct transport *transport, const struct transfer *failed)
{
    struct list ended, *link, *next;

    list_init(&ended);
    for (link = transport->transfers.next; link != &transport->transfers; link = next) {
        struct transfer *transfer = CONTAINER_OF(link, struct transfer, link);

        next = link->next;
        if (!transfer->waits_for_connection || transfer->has_socket || transfer->sends > 0)
            continue;
        release_handle(transfer);
        list_append(&ended, &transfer->link);
        transfer->error = failed->error;
        memcpy(transfer->detail, failed->detail, sizeof(transfer->detail));
    }
    while (!list_is_empty(&ended)) {
        struct transfer *transfer = CONTAINER_OF(ended.next, struct transfer, link);

        end_transfer(transfer);
    }
}

/* libcurl opens another connection of HTTP/2 for each transfer beyond the streams of the first, and takes 100
 * for their number until the server has told it. */
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
        if (code == CURLE_OK && status < 200) /* 101, which nobody asked for */
            code = CURLE_WEIRD_SERVER_REPLY;
        if (code == CURLE_OK && !transfer->header_complete) /* libcurl takes what came for an answer */
            code = CURLE_PARTIAL_FILE;
        if (code != CURLE_OK && restart(transfer, code))
            continue;
        if (code != CURLE_OK)
            set_error(transfer, code);
        if (transfer_was_not_sent(transfer) && (transfer->has_socket || code != CURLE_OPERATION_TIMEDOUT))
            end_waiting(transport, transfer);
        end_transfer(transfer);
    }
}

void transport_run(struct transport *transport)
{
    if (transport->kicked) {
        transport->kicked = false;
        perform(transport, CURL_SOCKET_TIMEOUT, 0);
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

void transport_learn_from(struct transport *transport, const struct transport *other)
{
    if (transport->version == VERSION_UNKNOWN)
        set_version(transport, other->version);
}

bool transport_is_pending(const struct transport *transport)
{
    return transport->kicked;
}
