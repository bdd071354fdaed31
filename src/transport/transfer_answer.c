/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transfer_answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "http/proxy_status.h"

void transfer_explain(struct transfer *transfer, const char *format, ...)
{
    char *before = TAKE_PTR(transfer->detail);
    va_list args;

    va_start(args, format);
    if (vasprintf(&transfer->detail, format, args) < 0)
        transfer->detail = NULL;
    va_end(args);
    free(before); /* which may be one of the arguments */
}

const char *transfer_detail(const struct transfer *transfer)
{
    return transfer->detail ? transfer->detail : "out of memory";
}

/* The transfer wants no more of its answer, because of REASON. */
static int give_up(struct transfer *transfer, const char *token, const char *reason)
{
    transfer->error = (struct transfer_error){502, token};
    transfer_explain(transfer, "%s", reason);
    return -ECANCELED;
}

/* How many of LENGTH bytes of the body the quota counts. */
static size_t counted(const struct transfer *transfer, size_t length)
{
    return transfer->quota && length > transfer->reserve ? length - transfer->reserve : 0;
}

static int offer(struct transfer *transfer, const char *data, size_t length);

static int keep(struct transfer *transfer, const char *data, size_t length)
{
    size_t used = transfer->response_body.len, more;
    bool cut = transfer->cut && length > transfer->response_max - used;

    if (cut)
        length = transfer->response_max - used;
    more = counted(transfer, used + length) - counted(transfer, used);
    if (more > 0 && !quota_take(transfer->quota, more)) {
        if (!transfer->write || transfer->overflows)
            return give_up(transfer, PROXY_STATUS_INTERNAL_ERROR,
                           "no room for the answer's body (limits.max_buffered_bytes)");
        transfer->overflows = true;
        return offer(transfer, data, length);
    }
    if (buf_append(&transfer->response_body, data, length) == 0) {
        transfer->was_cut = cut;
        return cut ? -EFBIG : 0;
    }
    if (more > 0)
        quota_give_back(transfer->quota, more);
    return give_up(transfer, "http_response_body_size", "the answer's body is larger than the limit");
}

/* What write() does not take now. It counts, even beyond the quota, because it has come: others get less. */
static int hold(struct transfer *transfer, const char *data, size_t length)
{
    if (fifo_append(&transfer->held, data, length) < 0)
        return give_up(transfer, PROXY_STATUS_INTERNAL_ERROR, "out of memory");
    if (transfer->quota)
        quota_add(transfer->quota, length);
    return 0;
}

/* Returns -EAGAIN if nothing was taken. */
static int offer(struct transfer *transfer, const char *data, size_t length)
{
    int r = transfer->write(transfer, data, length);

    if (r < 0 && r != -EAGAIN)
        return give_up(transfer, "http_response_incomplete", "the answer's body is no longer wanted");
    return r == TRANSFER_KEEP ? keep(transfer, data, length) : r;
}

/* Whether the body is passed on as it comes. */
static bool is_passed_on(const struct transfer *transfer)
{
    return transfer->write && (transfer->overflows || (transfer->status >= 200 && transfer->status < 300));
}

void transfer_answer_begins(struct transfer *transfer)
{
    headers_clear(&transfer->response);
    transfer->answer_begun = true;
}

int transfer_header_ended(struct transfer *transfer, int status)
{
    transfer->status = status;
    transfer->header_complete = true;
    if (transfer->read && transfer->refused && status >= 300)
        transfer->refused(transfer);
    if (is_passed_on(transfer) && transfer->write(transfer, "", 0) < 0)
        return give_up(transfer, "http_response_incomplete", "the answer's body is no longer wanted");
    return 0;
}

int transfer_body_arrived(struct transfer *transfer, const char *data, size_t length)
{
    int r = transfer_is_held(transfer) ? -EAGAIN
            : is_passed_on(transfer)   ? offer(transfer, data, length)
                                       : keep(transfer, data, length);

    return r == -EAGAIN ? hold(transfer, data, length) : r;
}

/* Each part leaves the fifo before it is offered, so that keep() counts it once. */
int transfer_offer_held(struct transfer *transfer)
{
    int r = 0;

    while (r == 0 && transfer_is_held(transfer)) {
        size_t waiting = fifo_length(&transfer->held);
        size_t length = waiting < TRANSFER_PART_BYTES ? waiting : TRANSFER_PART_BYTES;

        r = offer(transfer, fifo_data(&transfer->held), length);
        if (!transfer->transport) /* write() has cancelled it */
            return 0;
        if (r == -EAGAIN)
            return 0;
        fifo_consume(&transfer->held, length);
        if (transfer->quota)
            quota_give_back(transfer->quota, length);
    }
    if (r == -EFBIG)
        transfer_drop_held(transfer);
    return r;
}

int transfer_read_body(struct transfer *transfer, void *data, size_t max, size_t *ret)
{
    int r = transfer->read(transfer, data, max, ret);

    if (r == 0 || r == -EAGAIN)
        return r;
    return give_up(transfer, PROXY_STATUS_INTERNAL_ERROR, "the request's body could not be read to its end");
}

bool transfer_has_body(const struct transfer *transfer)
{
    /* A HEAD's body would mean nothing (RFC 9110, section 9.3.2). */
    if (strcmp(transfer->method, "HEAD") == 0)
        return false;
    return transfer->read || transfer->body || strcmp(transfer->method, "POST") == 0 ||
           strcmp(transfer->method, "PUT") == 0 || strcmp(transfer->method, "PATCH") == 0;
}

int64_t transfer_body_length(const struct transfer *transfer)
{
    return transfer->read ? transfer->read_length : (int64_t)transfer->body_length;
}

void transfer_clear_body(struct transfer *transfer)
{
    if (transfer->quota)
        quota_give_back(transfer->quota, counted(transfer, transfer->response_body.len));
    buf_clear(&transfer->response_body);
}

void transfer_drop_held(struct transfer *transfer)
{
    if (transfer->quota)
        quota_give_back(transfer->quota, fifo_length(&transfer->held));
    fifo_free(&transfer->held);
}
