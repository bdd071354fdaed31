/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/server/response_writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sim/websocket/websocket_handshake.h"

enum {
    CHUNK = 8192, /* Tomcat's output buffer: the size of recorded chunks */
    HTTP_DATE = 40,
};

/* A body that is sent in chunks. */
struct chunked_body {
    char *data;
    size_t len;
    size_t stop; /* where to break off */
};

static ssize_t chunked_body_read(void *cls, uint64_t pos, char *to, size_t max)
{
    struct chunked_body *s = cls;

    if (pos >= s->stop)
        return s->stop < s->len ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    size_t n = s->stop - (size_t)pos;
    if (n > max)
        n = max;
    if (n > CHUNK)
        n = CHUNK;
    memcpy(to, s->data + pos, n);
    return (ssize_t)n;
}

static void chunked_body_free(void *cls)
{
    struct chunked_body *s = cls;

    free(s->data);
    free(s);
}

static struct MHD_Response *make_response(struct reply *rp)
{
    bool half = rp->drop == DROP_HALF && rp->len > 0;

    if (!rp->body)
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (!rp->chunked && !half)
        return MHD_create_response_from_buffer(rp->len, TAKE_PTR(rp->body), MHD_RESPMEM_MUST_FREE);
    struct chunked_body *s = xcalloc(1, sizeof(*s));
    *s = (struct chunked_body){
        .data = TAKE_PTR(rp->body), .len = rp->len, .stop = half ? rp->len / 2 : rp->len};
    return MHD_create_response_from_callback(half ? rp->len : MHD_SIZE_UNKNOWN, CHUNK, chunked_body_read, s,
                                             chunked_body_free);
}

/* RFC 9110, section 5.6.7; the locale is always "C". */
static void http_date(int64_t ms, char ret[HTTP_DATE])
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm = {};

    gmtime_r(&t, &tm);
    strftime(ret, HTTP_DATE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void add(struct MHD_Response *r, const char *name, const char *value)
{
    if (value)
        MHD_add_response_header(r, name, value);
}

static void add_filter_headers(struct MHD_Response *r, enum header_set set)
{
    if (set == HEADERS_NONE)
        return;
    add(r, "Vary", "Origin");
    add(r, "Vary", "Access-Control-Request-Method");
    add(r, "Vary", "Access-Control-Request-Headers");
    add(r, "X-Content-Type-Options", "nosniff");
    if (set == HEADERS_DEVICE_API)
        add(r, "X-XSS-Protection", "0");
    if (set != HEADERS_CACHED) {
        add(r, "Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
        add(r, "Pragma", "no-cache");
        add(r, "Expires", "0");
    }
    if (set == HEADERS_DEVICE_API) {
        add(r, "X-Frame-Options", "DENY");
        return;
    }
    add(r, "Cross-Origin-Opener-Policy", "same-origin");
    add(r, "Referrer-Policy", "strict-origin-when-cross-origin");
}

/* Every Origin is allowed, with credentials. */
static void add_cors(struct MHD_Response *r, const struct request *rq, const struct reply *rp)
{
    const char *origin = request_header(rq, "Origin");

    if (!origin || rp->headers == HEADERS_NONE)
        return;
    add(r, "Access-Control-Allow-Origin", origin);
    if (rp->preflight) {
        add(r, "Access-Control-Allow-Methods", request_header(rq, "Access-Control-Request-Method"));
        add(r, "Access-Control-Allow-Headers", request_header(rq, "Access-Control-Request-Headers"));
    }
    add(r, "Access-Control-Allow-Credentials", "true");
    if (rp->preflight)
        add(r, "Access-Control-Max-Age", "1800");
}

static void add_headers(struct MHD_Response *r, const struct request *rq, const struct reply *rp, bool last)
{
    bool ambiguous = request_header(rq, "Content-Length") && request_header(rq, "Transfer-Encoding");
    char date[HTTP_DATE];

    if (last || ambiguous || reply_closes(rp)) /* before Date, or libmicrohttpd 0.9.75 adds another */
        add(r, "Connection", "close");
    add_filter_headers(r, rp->headers);
    add_cors(r, rq, rp);
    for (size_t i = 0; i < rp->n_own; i++)
        add(r, rp->own[i].name, rp->own[i].value);
    add(r, "Content-Type", rp->content_type);
    add(r, "Content-Language", rp->content_language);
    if (rp->now != 0) {
        http_date(rp->now, date);
        add(r, "Date", date);
    }
}

/* Linux: connect() to AF_UNSPEC ends the connection with an RST at once. */
static void reset_connection(struct MHD_Connection *mhd)
{
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct sockaddr unspec = {.sa_family = AF_UNSPEC};

    connect(fd, &unspec, sizeof(unspec));
}

enum MHD_Result write_response(struct sim *sim, const struct request *rq, struct reply *rp, bool last)
{
    if (rp->drop == DROP_RESET)
        reset_connection(rq->mhd);
    if (rp->drop == DROP_RESET || rp->drop == DROP_CLOSE)
        return MHD_NO;
    struct MHD_Response *r =
        rp->upgrade && rp->status == 101 ? websocket_handshake_response(sim, rq) : make_response(rp);
    if (!r)
        return MHD_NO;
    /* libmicrohttpd ends a chunked body also after HEAD, and the client reads that as the next answer */
    bool stray = rp->chunked && strcmp(rq->method, "HEAD") == 0;
    add_headers(r, rq, rp, last || stray);
    enum MHD_Result ok = MHD_queue_response(rq->mhd, (unsigned)rp->status, r);
    MHD_destroy_response(r);
    return ok;
}
