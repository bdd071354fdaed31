/* SPDX-License-Identifier: Apache-2.0 */
/* tb_client_open(), tb_client_close(): the client's thread, from its start to its end. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "base/thread.h"
#include "client/answer_error.h"
#include "client/client_state.h"
#include "client/error.h"
#include "client/options.h"
#include "client/perform.h"

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void set_start(tb_client *client, enum client_start start)
{
    pthread_mutex_lock(&client->lock);
    client->start = start;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

/* Why the first authentication failed: by the status of the answer, if it is not a success; else the answer
 * does not fit, or the credential was refused. */
static void set_start_error(tb_client *client)
{
    const struct transfer *transfer = &client->upstream.calls.transfer;
    bool locked_out = session_state(client->upstream.session) == SESSION_LOCKED_OUT;
    int status = transfer->status;
    enum tb_error_kind kind = status == 0     ? TB_ERROR_TRANSPORT
                              : status >= 300 ? answer_kind(status)
                              : locked_out    ? TB_ERROR_UNAUTHORIZED
                                              : TB_ERROR_DECODE;

    if (status == 0 && transfer->error.status == 504)
        kind = TB_ERROR_TIMEOUT;
    else if (transfer_failed_in_tls(transfer))
        kind = TB_ERROR_TLS;
    client->start_error.status = status;
    if (status >= 300) /* a success may hold tokens */
        answer_keep_refusal(&(struct answer){.headers = transfer->response, .body = transfer->response_body},
                            &client->start_error);
    FAIL(&client->start_error, kind,
         kind == TB_ERROR_UNAUTHORIZED ? -EPERM
         : kind == TB_ERROR_TIMEOUT    ? -ETIMEDOUT
         : kind == TB_ERROR_DECODE     ? -EBADMSG
                                       : -EIO,
         "%s", session_reason(client->upstream.session));
}

static void client_session_changed(struct upstream *upstream)
{
    tb_client *client = CONTAINER_OF(upstream, tb_client, upstream);
    enum session_state state = session_state(upstream->session);

    if (client->start != CLIENT_AUTHENTICATING || state == SESSION_STARTING)
        return;
    if (state != SESSION_READY)
        set_start_error(client);
    set_start(client, state == SESSION_READY ? CLIENT_STARTED : CLIENT_REFUSED);
}

static void client_was_posted_to(struct watch *watch, uint32_t events)
{
    tb_client *client = CONTAINER_OF(watch, tb_client, wake);
    uint64_t count;

    (void)events;
    while (read(watch->fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    perform_posted(client);
}

static bool is_exiting(tb_client *client)
{
    bool exiting;

    pthread_mutex_lock(&client->lock);
    exiting = client->exiting;
    pthread_mutex_unlock(&client->lock);
    return exiting;
}

static void *client_thread(void *arg)
{
    tb_client *client = arg;

    session_calls_schedule(&client->upstream.calls);
    while (!is_exiting(client)) {
        servers_run(&client->upstream.servers);
        if (loop_turn(&client->loop, servers_are_pending(&client->upstream.servers) ? 0 : -1) < 0)
            break;
    }
    return NULL;
}

static int start_thread(tb_client *client, tb_error *err)
{
    int r = thread_start(&client->thread, client_thread, client);

    return r < 0 ? FAIL(err, TB_ERROR_SYSTEM, r, "cannot start a thread: %s", strerror(-r)) : 0;
}

static int open_parts(tb_client *client, tb_error *err)
{
    struct session_options session = options_session(&client->options);
    struct upstream_options upstream = {.transport = options_transport(&client->options)};
    int r = loop_init(&client->loop);

    if (r < 0)
        return FAIL(err, TB_ERROR_SYSTEM, r, "epoll: %s", strerror(-r));
    if (options_have_credential(&client->options))
        upstream.session = &session;
    else
        client->start = CLIENT_STARTED;
    upstream.changed = client_session_changed;
    r = upstream_open(&client->upstream, &client->loop, &upstream, err);
    if (r < 0) {
        if (err)
            err->kind = TB_ERROR_SYSTEM;
        return r;
    }
    client->wake =
        (struct watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = client_was_posted_to};
    r = client->wake.fd < 0 ? -errno : loop_add(&client->loop, &client->wake, EPOLLIN);
    return r < 0 ? FAIL(err, TB_ERROR_SYSTEM, r, "eventfd: %s", strerror(-r)) : 0;
}

/* The client's thread must not be running. */
static void free_client(tb_client *client)
{
    upstream_close(&client->upstream);
    if (client->wake.fd >= 0)
        close(client->wake.fd);
    loop_close(&client->loop);
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->changed);
    options_free(&client->options);
    tb_error_clear(&client->start_error);
    free(client);
}

static int new_client(const tb_client_options *options, tb_client **ret, tb_error *err)
{
    tb_client *client = calloc(1, sizeof(*client));
    int r = client ? options_copy(options, &client->options) : -ENOMEM;

    if (r < 0) {
        free(client);
        return FAIL_MEMORY(err);
    }
    client->wake.fd = client->loop.epoll_fd = -1;
    client->request_options = options_request(&client->options);
    list_init(&client->active);
    list_init(&client->posted);
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->changed, NULL);
    r = open_parts(client, err);
    if (r == 0)
        r = start_thread(client, err);
    if (r < 0) {
        free_client(client);
        return r;
    }
    *ret = client;
    return 0;
}

/* Moves the reason why the first authentication failed to ERR. */
static int start_failed(tb_client *client, tb_error *err)
{
    tb_error *reason = &client->start_error;

    if (!err)
        return reason->code;
    free(err->body);
    err->body = TAKE_PTR(reason->body);
    err->body_length = reason->body_length;
    err->status = reason->status;
    err->error_code = reason->error_code;
    return FAIL(err, reason->kind, reason->code, "%s", reason->message);
}

/* Waits for the first authentication. */
static int wait_for_start(tb_client *client, tb_error *err)
{
    int r = 0;

    pthread_mutex_lock(&client->lock);
    while (client->start == CLIENT_AUTHENTICATING)
        pthread_cond_wait(&client->changed, &client->lock);
    if (client->start == CLIENT_REFUSED)
        r = start_failed(client, err);
    pthread_mutex_unlock(&client->lock);
    return r;
}

int tb_client_open(const tb_client_options *options, tb_client **ret, tb_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    tb_client *client = NULL;
    int r = options_check(options, err);

    if (r < 0)
        return r;
    pthread_once(&once, init_curl);
    r = new_client(options, &client, err);
    if (r < 0)
        return r;
    r = wait_for_start(client, err);
    if (r < 0)
        tb_client_close(client);
    else
        *ret = client;
    return r;
}

void tb_client_close(tb_client *client)
{
    if (!client)
        return;
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    client_wake(client);
    while (client->users > 0)
        pthread_cond_wait(&client->changed, &client->lock);
    client->exiting = true;
    client_wake(client);
    pthread_mutex_unlock(&client->lock);
    pthread_join(client->thread, NULL);
    free_client(client);
}

const char *tb_version(void)
{
    return PACKAGE_VERSION;
}
