/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/transport_private.h"

#include <errno.h>

#include "http/proxy_status.h"

/* Ends the transfer from inside a callback of libcurl; the reason is kept for transfer_set_error(). */
static size_t give_up(struct transfer *transfer, const char *token, const char *reason)
{
    transfer->error = (struct transfer_error){502, token};
    transfer->refusal = reason;
    return CURL_WRITEFUNC_ERROR;
}

/* How many of LENGTH bytes of the body the quota counts. */
static size_t counted(const struct transfer *transfer, size_t length)
{
    return transfer->quota && length > transfer->reserve ? length - transfer->reserve : 0;
}

static size_t pass_on(struct transfer *transfer, const char *data, size_t length);

static size_t keep(struct transfer *transfer, const char *data, size_t length)
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
        return pass_on(transfer, data, length);
    }
    if (buf_append(&transfer->response_body, data, length) == 0) {
        transfer->was_cut = cut;
        return cut ? CURL_WRITEFUNC_ERROR : length;
    }
    if (more > 0)
        quota_give_back(transfer->quota, more);
    return give_up(transfer, "http_response_body_size", "the answer's body is larger than the limit");
}

static size_t pass_on(struct transfer *transfer, const char *data, size_t length)
{
    int r = transfer->write(transfer, data, length);

    if (r == -EAGAIN) {
        transfer->was_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (r < 0)
        return give_up(transfer, "http_response_incomplete", "the answer's body is no longer wanted");
    return r == 0 ? length : keep(transfer, data, length);
}

/* Whether the body is passed on as it comes. */
static bool is_passed_on(const struct transfer *transfer)
{
    return transfer->write && (transfer->overflows || (transfer->status >= 200 && transfer->status < 300));
}

size_t transfer_body_arrived(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = size * count;

    if (transfer->discards)
        return length;
    if (transfer->refusal) /* a part was lost in transfer_resume(), which libcurl does not treat as the end */
        return CURL_WRITEFUNC_ERROR;
    return is_passed_on(transfer) ? pass_on(transfer, data, length) : keep(transfer, data, length);
}

size_t transfer_body_wanted(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = 0;
    int r = transfer->read(transfer, data, size * count, &length);

    if (r == -EAGAIN)
        return CURL_READFUNC_PAUSE;
    if (r < 0) {
        give_up(transfer, PROXY_STATUS_INTERNAL_ERROR, "the request's body could not be read to its end");
        return CURL_READFUNC_ABORT;
    }
    transfer->read_left = length > 0 ? transfer->read_left - (int64_t)length : 0;
    return length;
}

/* libcurl starts again on another connection by itself. */
int transfer_body_sought(void *arg, curl_off_t offset, int origin)
{
    struct transfer *transfer = arg;

    if (offset != 0 || origin != SEEK_SET || transfer->rewind(transfer) < 0)
        return CURL_SEEKFUNC_FAIL;
    transfer->read_left = transfer->read_length;
    return CURL_SEEKFUNC_OK;
}

void transfer_clear_body(struct transfer *transfer)
{
    if (transfer->quota)
        quota_give_back(transfer->quota, counted(transfer, transfer->response_body.len));
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

/* RFC 9112, section 6.3: several lengths, or one of which libcurl would read a part. */
static bool has_unclear_length(const struct headers *headers)
{
    const char *line, *first = headers_find(headers, "Content-Length");

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (header_is(line, "Content-Length") && strcmp(header_value(line), first) != 0)
            return true;
    return first && (first[strspn(first, "0123456789")] || headers_find(headers, "Transfer-Encoding"));
}

/* libcurl 7.88 keeps a connection on which the server answered before it had the whole body, and would send
 * the next request as part of that body. */
static void forbid_reuse_if_early(const struct transfer *transfer)
{
    long version = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    if (transfer->read && transfer->read_left != 0 && transfer->status >= 200 &&
        version <= CURL_HTTP_VERSION_1_1)
        curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

static size_t header_ended(struct transfer *transfer, size_t length)
{
    long status = 0;

    transfer->header_complete = true;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->status = (int)status;
    forbid_reuse_if_early(transfer);
    if (has_unclear_length(&transfer->response))
        return give_up(transfer, "http_protocol_error", "the answer's length is unclear");
    if (is_passed_on(transfer) && transfer->write(transfer, "", 0) < 0)
        return give_up(transfer, "http_response_incomplete", "the answer's body is no longer wanted");
    /* libcurl waits for a paused body even if the server wants no more of it: calls read() once more. */
    if (transfer->read && status >= 300)
        curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    return length;
}

/* Called for every header line, the status line and the empty one; also for those of an interim answer (1xx),
 * which the next status line discards, and for trailers, which are ignored. */
size_t transfer_header_arrived(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t length = size * count, end = length;
    const char *colon = memchr(data, ':', length);
    const char *value;

    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        headers_clear(&transfer->response);
        transfer->answer_begun = true;
        transfer->header_complete = false;
        if (length >= 12 && memcmp(data + 8, " 101", 4) == 0) /* no other protocol was asked for */
            return give_up(transfer, "http_protocol_error",
                           "the server switched protocols without being asked");
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
