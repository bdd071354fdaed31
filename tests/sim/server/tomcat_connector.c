/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unlike a real server, libmicrohttpd sends a reason phrase in the status line ("200 OK"),
 * "Transfer-Encoding: chunked" also in the answer to a HEAD, and "Content-Length: 0" with a 304; it orders
 * some headers in its own way, and does not support HTTP/2 (h2c).
 */
#include "sim/server/tomcat_connector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "sim/base/memory.h"
#include "sim/http/servlet_request.h"
#include "sim/server/control_endpoint.h"
#include "sim/server/request_processing.h"
#include "sim/server/response_writer.h"
#include "sim/websocket/websocket_control.h"

enum {
    CONNECTION_LIMIT = 16384,
    CONNECTION_MEMORY = 64 * 1024,
    IDLE_SECONDS = 60, /* a connection that is idle for 60 s is closed with a FIN */
};

struct connector {
    struct sim *sim;
    struct MHD_Daemon *daemon;
};

/* A TCP connection. */
struct connection {
    uint64_t epoch; /* of the log, when the connection was counted */
    uint64_t number;
    int64_t requests;
    bool counted;
    bool seen; /* there was a request */
};

static void connector_connection_notified(void *cls, struct MHD_Connection *mhd, void **context,
                                          enum MHD_ConnectionNotificationCode code)
{
    struct sim *sim = cls;

    (void)mhd;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*context);
        *context = NULL;
        return;
    }
    struct connection *c = xcalloc(1, sizeof(*c));
    pthread_mutex_lock(&sim->lock);
    sim->log.counters.connections++;
    c->counted = true;
    c->epoch = sim->log.epoch;
    pthread_mutex_unlock(&sim->lock);
    *context = c;
}

/* A connection of the control endpoint is not counted, which shows with its first request. */
static void see_first_request(struct sim *sim, struct connection *c, bool control)
{
    pthread_mutex_lock(&sim->lock);
    if (!c->seen && control && c->counted && c->epoch == sim->log.epoch)
        sim->log.counters.connections--;
    c->seen = true;
    if (!control && c->number == 0)
        c->number = ++sim->last_connection;
    pthread_mutex_unlock(&sim->lock);
}

/* Called after the request line, the only moment at which the target is as it was sent. */
static void *connector_target_received(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct request *rq = xcalloc(1, sizeof(*rq));

    (void)cls;
    rq->mhd = mhd;
    rq->target = xstrdup(target);
    return rq;
}

static void connector_request_completed(void *cls, struct MHD_Connection *mhd, void **context,
                                        enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)mhd;
    (void)code;
    if (*context)
        request_free(*context);
    *context = NULL;
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static bool is_control(const struct request *rq)
{
    return starts_with(rq->path, "/sim/");
}

/* Whether this answer is the last one of its connection. */
static bool is_last(struct sim *sim, struct connection *c)
{
    pthread_mutex_lock(&sim->lock);
    int64_t most = sim->settings.requests_per_connection;
    pthread_mutex_unlock(&sim->lock);
    return most > 0 && ++c->requests >= most;
}

static enum MHD_Result finish(struct sim *sim, struct request *rq)
{
    struct connection *c = connection_of(rq->mhd);
    CLEANUP(reply_free) struct reply rp = {};
    bool last = false;

    /* the answer may take longer than the idle timeout, which starts anew when it is set again */
    MHD_set_connection_option(rq->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    if (is_control(rq)) {
        control_endpoint(sim, rq, &rp);
    } else {
        last = is_last(sim, c);
        process_request(sim, rq, &rp);
        log_request(sim, rq, &rp, c->number);
    }
    MHD_set_connection_option(rq->mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)IDLE_SECONDS);
    enum MHD_Result ok = write_response(sim, rq, &rp, last);
    return ok;
}

static void add_body(struct request *rq, const char *data, size_t n)
{
    if (rq->too_big || buf_append(&rq->body, data, n) < 0) {
        rq->too_big = true; /* the rest is read, but not kept */
        buf_free(&rq->body);
    }
}

/* A server sends 100 before all checks; libmicrohttpd sends it only if the body is read. */
static void send_continue(const struct request *rq)
{
    static const char text[] = "HTTP/1.1 100 \r\n\r\n";
    const char *expect = request_header(rq, "Expect");

    if (expect && strcasecmp(expect, "100-continue") == 0)
        send(MHD_get_connection_info(rq->mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, text,
             sizeof(text) - 1, MSG_NOSIGNAL);
}

static enum MHD_Result headers_received(struct sim *sim, struct request *rq, const char *method)
{
    const char *length = request_header(rq, "Content-Length");
    int64_t content_length = 0;

    rq->method = xstrdup(method);
    request_parse_target(rq);
    see_first_request(sim, connection_of(rq->mhd), is_control(rq));
    /* a Content-Length is checked by refuses_early() */
    rq->body.max = length ? FILE_BODY_MAX : BODY_MAX;
    if (parse_int64(length, &content_length) < 0 || !refuses_early(sim, rq, content_length))
        return MHD_YES;
    send_continue(rq);
    return finish(sim, rq);
}

static enum MHD_Result connector_request_received(void *cls, struct MHD_Connection *mhd, const char *url,
                                                  const char *method, const char *version, const char *data,
                                                  size_t *data_size, void **context)
{
    struct sim *sim = cls;
    struct request *rq = *context;

    (void)mhd;
    (void)url;
    if (!rq->method) {
        rq->http_1_0 = streq(version, MHD_HTTP_VERSION_1_0);
        return headers_received(sim, rq, method);
    }
    if (*data_size > 0) {
        add_body(rq, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    return finish(sim, rq);
}

static void connector_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    (void)fmt;
    (void)ap;
}

struct connector *connector_start(struct sim *sim, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct connector *s = xcalloc(1, sizeof(*s));

    s->sim = sim;
    s->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG |
            MHD_ALLOW_UPGRADE,
        port, NULL, NULL, connector_request_received, sim, MHD_OPTION_EXTERNAL_LOGGER, connector_log, NULL,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096U, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTION_LIMIT, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK,
        connector_target_received, NULL, MHD_OPTION_NOTIFY_COMPLETED, connector_request_completed, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, connector_connection_notified, sim, MHD_OPTION_END);
    if (!s->daemon) {
        free(s);
        return NULL;
    }
    return s;
}

uint16_t connector_port(const struct connector *connector)
{
    return MHD_get_daemon_info(connector->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void connector_stop(struct connector *connector)
{
    websockets_stop(connector->sim);
    MHD_stop_daemon(connector->daemon);
    free(connector);
}
