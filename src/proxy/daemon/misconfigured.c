/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/misconfigured.h"

#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/log.h"
#include "http/proxy_status.h"
#include "proxy/exchange/error_response.h"
#include "proxy/exchange/response.h"
#include "proxy/exchange/response_queue.h"
#include "proxy/listen/browser_guard.h"
#include "proxy/listen/listener.h"
#include "proxy/listen/passed_sockets.h"

#define CONNECTIONS_MAX 64 /* on each socket */
#define TIMEOUT_S       10

struct server {
    struct MHD_Daemon *mhd;
    unsigned port; /* 0: a Unix socket */
    const char *reason;
};

/* The reason is not for web pages. Returns a status, with its *TEXT. */
static int check(const struct server *server, struct MHD_Connection *connection, bool http_1_0,
                 const char **text)
{
    const struct guarded_listener listener = {
        .port = server->port, .upstream = "", .hosts = "", .origins = ""};
    struct origin_headers headers = {
        .host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST),
        .origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN),
        .referer = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_REFERER),
        .sec_fetch_site = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Site"),
    };
    int status = browser_guard_check(&headers, &listener, http_1_0, text);

    if (status != 0)
        return status;
    *text = server->reason;
    return MHD_HTTP_SERVICE_UNAVAILABLE;
}

static enum MHD_Result misconfigured_request(void *arg, struct MHD_Connection *connection, const char *url,
                                             const char *method, const char *version, const char *data,
                                             size_t *length, void **context)
{
    static int begun;
    const char *text;
    struct response response;
    enum MHD_Result result;
    int status;

    (void)url;
    (void)method;
    (void)data;
    if (!*context ||
        *length > 0) { /* the body is read first, or a client that still sends misses the response */
        *context = &begun;
        *length = 0;
        return MHD_YES;
    }
    status = check(arg, connection, strcmp(version, MHD_HTTP_VERSION_1_0) == 0, &text);
    response = error_response(status, text);
    if (!response.mhd)
        return MHD_NO;
    response_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
    response_set_error(&response, PROXY_STATUS_CONFIGURATION);
    result = response_queue(connection, (unsigned)status, response.mhd);
    MHD_destroy_response(response.mhd);
    return result;
}

/* Not by the loop, which belongs to a daemon that is configured. */
static void start(struct server *server, int fd)
{
    server->mhd = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL,
                                   misconfigured_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
                                   MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                                   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_END);
}

/* Returns the signal. */
static int wait_for_signal(const sigset_t *set)
{
    uint64_t limit_us = 0;
    bool is_watched = sd_watchdog_enabled(0, &limit_us) > 0;
    struct timespec wait = {.tv_sec = (time_t)(limit_us / 2000000),
                            .tv_nsec = (long)(limit_us / 2 % 1000000 * 1000)};
    int number;

    do {
        if (is_watched)
            sd_notify(0, "WATCHDOG=1");
        number = is_watched ? sigtimedwait(set, NULL, &wait) : sigwaitinfo(set, NULL);
    } while (number < 0 && (errno == EAGAIN || errno == EINTR));
    return number;
}

bool misconfigured_serve(const char *reason)
{
    CLEANUP(free_pointer) char *text = NULL;
    struct listening_socket sockets[PASSED_SOCKETS_MAX];
    struct server servers[PASSED_SOCKETS_MAX];
    size_t count, i;
    sigset_t set;
    int number;

    if (asprintf(&text, "configuration error: %s; correct it and run systemctl reload", reason) < 0) {
        log_error("out of memory");
        return false;
    }
    count = passed_sockets_take(sockets);
    if (count == 0)
        return false;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL); /* before the threads start */
    for (i = 0; i < count; i++) {
        servers[i] = (struct server){.port = sockets[i].port, .reason = text};
        start(&servers[i], sockets[i].fd);
    }
    log_error("requests are answered with 503 until the configuration is corrected and reloaded");
    sd_notifyf(0, "READY=1\nSTATUS=%s", text);
    number = wait_for_signal(&set);
    for (i = 0; i < count; i++)
        if (servers[i].mhd) {
            MHD_quiesce_daemon(servers[i].mhd); /* or its end would close the socket */
            MHD_stop_daemon(servers[i].mhd);
        }
    return number == SIGHUP;
}
