/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/early_answer.h"

#include <errno.h>
#include <sys/socket.h>

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/services.h"
#include "proxy/forward/body_stream.h"

static int fd_of(const struct exchange *exchange)
{
    return MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

struct head {
    struct buf *text;
    int r;
};

static enum MHD_Result add_line(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct head *head = arg;

    (void)kind;
    if (head->r == 0)
        head->r = buf_append_format(head->text, "%s: %s\r\n", name, value);
    return MHD_YES;
}

/* RFC 9112, section 6.3. */
static bool has_body(const struct exchange *exchange, int status)
{
    return strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) != 0 && status != MHD_HTTP_NO_CONTENT &&
           status != MHD_HTTP_NOT_MODIFIED;
}

static int make_head(struct early_answer *early, int status, bool with_length)
{
    struct head head = {&early->head, 0};

    head.r = buf_append_format(head.text, "HTTP/1.1 %d %s\r\n", status,
                               MHD_get_reason_phrase_for((unsigned)status));
    MHD_get_response_headers(early->response, add_line, &head);
    if (head.r == 0 && with_length)
        head.r = buf_append_format(head.text, "Content-Length: %zu\r\n", early->length);
    return head.r == 0 ? buf_append_string(head.text, "\r\n") : head.r;
}

static struct early_answer *early_answer_new(const struct exchange *exchange, int status,
                                             struct MHD_Response *response)
{
    struct early_answer *early = calloc(1, sizeof(*early));

    if (!early)
        return NULL;
    early->response = response;
    early->head.max = SIZE_MAX - 1; /* the headers have been bounded */
    if (has_body(exchange, status)) {
        early->body = exchange->answer_body;
        early->length = exchange->answer_length;
    }
    if (make_head(early, status, has_body(exchange, status)) == 0)
        return early;
    buf_free(&early->head);
    free(early);
    return NULL;
}

void early_answer_begin(struct exchange *exchange, int status, struct MHD_Response *response)
{
    exchange->state = EXCHANGE_DISCARDING;
    body_stream_forget_body(exchange);
    exchange->early = response ? early_answer_new(exchange, status, response) : NULL;
    if (!exchange->early) { /* without memory: closed by on_request() */
        exchange->state = EXCHANGE_ANSWERED;
        if (response)
            MHD_destroy_response(response);
    }
    early_answer_write(exchange);
    exchange_resume(exchange);
}

/* What is left goes as soon as there is room: ready() in peer.c. */
static bool wait_for_room(struct exchange *exchange)
{
    struct peer *peer = exchange->peer;

    return peer && loop_change(&exchange->services->loop, &peer->watch,
                               EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET) == 0;
}

static ssize_t send_part(int fd, const struct early_answer *early)
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

/* The client sees the end, and closes. */
static void end(struct exchange *exchange)
{
    exchange->early->is_over = true;
    shutdown(fd_of(exchange), SHUT_WR);
    exchange_resume(exchange);
}

void early_answer_write(struct exchange *exchange)
{
    struct early_answer *early = exchange->early;

    if (!early || early->is_over)
        return;
    while (early->written < early->head.len + early->length) {
        ssize_t n = send_part(fd_of(exchange), early);

        if (n < 0 && errno == EAGAIN && wait_for_room(exchange))
            return;
        if (n < 0 && errno != EINTR)
            break;
        early->written += n > 0 ? (size_t)n : 0;
    }
    end(exchange);
}

bool early_answer_body_ended(struct exchange *exchange)
{
    if (!exchange->early->is_over)
        exchange_suspend(exchange);
    return exchange->early->is_over;
}

void early_answer_abandon(struct exchange *exchange)
{
    if (!exchange->early->is_over)
        end(exchange);
}

void early_answer_free(struct exchange *exchange)
{
    struct early_answer *early = TAKE_PTR(exchange->early);

    if (!early)
        return;
    MHD_destroy_response(early->response);
    buf_free(&early->head);
    free(early);
}
