/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/early_response.h"

#include <errno.h>
#include <sys/socket.h>

#include "proxy/exchange/exchange.h"

struct head_text {
    struct buf *text;
    int r;
};

static enum MHD_Result early_response_add_line(void *arg, enum MHD_ValueKind kind, const char *name,
                                               const char *value)
{
    struct head_text *head = arg;

    (void)kind;
    if (head->r == 0)
        head->r = buf_append_format(head->text, "%s: %s\r\n", name, value);
    return MHD_YES;
}

/* RFC 9112, section 6.3. */
static bool has_body(const struct exchange *exchange, int status)
{
    return strcmp(exchange->head.method, MHD_HTTP_METHOD_HEAD) != 0 && status != MHD_HTTP_NO_CONTENT &&
           status != MHD_HTTP_NOT_MODIFIED;
}

static int make_head(struct early_response *early, int status, bool with_length)
{
    struct head_text head = {&early->head, 0};

    head.r = buf_append_format(head.text, "HTTP/1.1 %d %s\r\n", status,
                               MHD_get_reason_phrase_for((unsigned)status));
    MHD_get_response_headers(early->response, early_response_add_line, &head);
    if (head.r == 0 && with_length)
        head.r = buf_append_format(head.text, "Content-Length: %zu\r\n", early->length);
    return head.r == 0 ? buf_append_string(head.text, "\r\n") : head.r;
}

static struct early_response *early_response_new(const struct exchange *exchange, int status,
                                                 struct response response)
{
    struct early_response *early = response.mhd ? calloc(1, sizeof(*early)) : NULL;

    if (!early)
        return NULL;
    early->response = response.mhd;
    early->head.max = SIZE_MAX - 1; /* the headers are bounded already */
    if (has_body(exchange, status)) {
        early->body = response.body;
        early->length = response.length;
    }
    if (make_head(early, status, has_body(exchange, status)) == 0)
        return early;
    buf_free(&early->head);
    free(early);
    return NULL;
}

void early_response_begin(struct exchange *exchange, int status, struct response response)
{
    exchange->inbound.state = INBOUND_DISCARDING;
    inbound_free(exchange);
    exchange->outbound.early = early_response_new(exchange, status, response);
    if (exchange->outbound.early) {
        exchange->outbound.state = OUTBOUND_EARLY;
    } else { /* no memory: listener_request() closes the connection */
        exchange->outbound.state = OUTBOUND_QUEUED;
        if (response.mhd)
            MHD_destroy_response(response.mhd);
    }
    early_response_write(exchange);
    exchange_resume(exchange);
}

/* libmicrohttpd's own timeout does not run while the connection is suspended. */
static void limit_stall(struct exchange *exchange)
{
    struct services *services = exchange->services;

    loop_timer_start(&services->loop, &exchange->hang_up_timer,
                     services->config->listen.idle_timeout_s * 1000);
}

/* peer_ready() in peer.c calls early_response_write() when there is room. */
static bool wait_for_room(struct exchange *exchange)
{
    if (exchange->suspended)
        limit_stall(exchange);
    return loop_change(&exchange->services->loop, &exchange->peer->watch,
                       EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET) == 0;
}

static ssize_t send_part(int fd, const struct early_response *early)
{
    size_t head_left = early->written < early->head.len ? early->head.len - early->written : 0;
    size_t body_begin = early->written > early->head.len ? early->written - early->head.len : 0;
    struct iovec parts[] = {
        {early->head.data + early->head.len - head_left, head_left},
        {early->length > 0 ? (char *)(uintptr_t)early->body + body_begin : NULL, early->length - body_begin},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts)};

    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The client sees the end of the stream, and closes. */
static void end(struct exchange *exchange)
{
    exchange->outbound.early->is_over = true;
    shutdown(exchange->peer->watch.fd, SHUT_WR);
    exchange_resume(exchange);
}

void early_response_write(struct exchange *exchange)
{
    struct early_response *early = exchange->outbound.early;

    if (!early || early->is_over)
        return;
    while (early->written < early->head.len + early->length) {
        ssize_t n = send_part(exchange->peer->watch.fd, early);

        if (n < 0 && errno == EAGAIN && wait_for_room(exchange))
            return;
        if (n < 0 && errno != EINTR)
            break;
        early->written += n > 0 ? (size_t)n : 0;
    }
    end(exchange);
}

bool early_response_body_ended(struct exchange *exchange)
{
    if (exchange->outbound.early->is_over)
        return true;
    limit_stall(exchange);
    exchange_suspend(exchange);
    return false;
}

void early_response_abandon(struct exchange *exchange)
{
    if (!exchange->outbound.early->is_over)
        end(exchange);
}

void early_response_free(struct exchange *exchange)
{
    struct early_response *early = TAKE_PTR(exchange->outbound.early);

    if (!early)
        return;
    MHD_destroy_response(early->response);
    buf_free(&early->head);
    free(early);
}
