/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/misconfigured.h"

#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/log.h"
#include "proxy/exchange/error_response.h"
#include "proxy/listen/listener.h"
#include "proxy/listen/passed_sockets.h"

#define CONNECTIONS_MAX 64 /* on each socket */
#define TIMEOUT_S       10

static enum MHD_Result misconfigured_request(void *arg, struct MHD_Connection *connection, const char *url,
                                             const char *method, const char *version, const char *data,
                                             size_t *length, void **context)
{
    struct response response = error_response(MHD_HTTP_SERVICE_UNAVAILABLE, arg);
    enum MHD_Result result;

    (void)url;
    (void)method;
    (void)version;
    (void)data;
    (void)length;
    (void)context;
    if (!response.mhd)
        return MHD_NO;
    response_add(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, response.mhd);
    MHD_destroy_response(response.mhd);
    return result;
}

/* Not by the loop, which belongs to a daemon that is configured. */
static struct MHD_Daemon *start(int fd, char *reason)
{
    return MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, misconfigured_request,
                            reason, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                            MHD_OPTION_END);
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
    struct listening_socket sockets[LISTENERS_MAX];
    struct MHD_Daemon *servers[LISTENERS_MAX] = {0};
    struct tb_error err = TB_ERROR_INIT;
    size_t count, i;
    sigset_t set;
    int number;

    if (passed_sockets_take(sockets, LISTENERS_MAX, &count, &err) < 0 ||
        asprintf(&text, "configuration error: %s; correct it and run systemctl reload", reason) < 0) {
        log_error("%s", *err.message ? err.message : "out of memory");
        return false;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL); /* before the threads start */
    for (i = 0; i < count; i++)
        servers[i] = start(sockets[i].fd, text);
    log_error("requests are answered with 503 until the configuration is corrected and reloaded");
    sd_notifyf(0, "READY=1\nSTATUS=%s", text);
    number = wait_for_signal(&set);
    for (i = 0; i < count; i++)
        if (servers[i]) {
            MHD_quiesce_daemon(servers[i]); /* or its end would close the socket */
            MHD_stop_daemon(servers[i]);
        }
    return number == SIGHUP;
}
