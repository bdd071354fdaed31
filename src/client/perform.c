/* SPDX-License-Identifier: Apache-2.0 */
#include "client/perform.h"

#include <errno.h>
#include <stdio.h>

#include "client/answer_error.h"
#include "client/answer_headers.h"
#include "client/error.h"

enum { WANT_START = 1 << 0, WANT_RESUME = 1 << 1, WANT_CANCEL = 1 << 2 };

/* A call in progress. It is on the stack of the thread that waits for it. */
struct job {
    tb_client *client;
    /* Protected by the client's lock. */
    struct list link; /* in client->posted */
    unsigned wanted;
    bool is_over; /* the client's thread is done with it; it must not be posted again */

    /* Owned by the client's thread. */
    struct list active; /* in client->active */
    struct request request;
    struct call *call;
    bool wants_parts; /* the answer goes to a sink */

    /* Protected by the job's lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool finished; /* the client's thread does not use it any more */
    bool paused;   /* the pipe is full */
    struct buf pipe;
    bool has_begun; /* the answer is a success, with these headers: */
    char content_type[128];
    char file_name[256];
    int64_t length;

    struct answer answer; /* once it is finished */
};

/* ---- in the client's thread ---- */

static int job_body_wanted(struct transfer *transfer, void *data, size_t max, size_t *ret)
{
    struct job *job = CONTAINER_OF(transfer, struct job, request.transfer);

    request_alive(&job->request);
    if (job->call->progress)
        job->call->progress(job->call->progress_context, parts_sent(&job->call->parts),
                            job->call->parts.length);
    return parts_read(&job->call->parts, data, max, ret);
}

static int job_body_rewound(struct transfer *transfer)
{
    return parts_rewind(&CONTAINER_OF(transfer, struct job, request.transfer)->call->parts);
}

static void copy_head(struct job *job, const struct headers *headers)
{
    job->has_begun = true;
    snprintf(job->content_type, sizeof(job->content_type), "%s", answer_content_type(headers));
    answer_file_name(headers, job->file_name, sizeof(job->file_name));
    job->length = answer_length(headers);
}

static int job_part_arrived(struct transfer *transfer, const void *data, size_t length)
{
    struct job *job = CONTAINER_OF(transfer, struct job, request.transfer);
    int r;

    pthread_mutex_lock(&job->lock);
    if (!job->has_begun)
        copy_head(job, &transfer->response);
    /* An empty pipe takes any part: TRANSFER_PART_BYTES is less than the pipe. */
    job->paused = job->pipe.len > 0 && job->pipe.len + length > CALL_PIPE_MAX;
    r = job->paused ? -EAGAIN : buf_append(&job->pipe, data, length);
    if (!job->paused)
        pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->lock);
    if (r == -EAGAIN)
        request_paused(&job->request);
    else
        request_alive(&job->request);
    return r;
}

static void describe_outcome(struct job *job, struct answer *answer)
{
    const struct transfer *transfer = &job->request.transfer;
    const struct session *session = job->client->upstream.session;

    answer->outcome = job->request.outcome;
    answer->not_retried = job->request.not_retried;
    answer->status = answer->outcome == REQUEST_ANSWERED ? transfer->status : 0;
    if (answer->outcome == REQUEST_FAILED) {
        answer->timed_out = transfer->error.status == 504;
        answer->failed_in_tls = transfer_failed_in_tls(transfer);
        snprintf(answer->reason, sizeof(answer->reason), "%s", transfer_detail(transfer));
    } else if (session && answer->outcome != REQUEST_ANSWERED) {
        answer->locked_out = session_state(session) == SESSION_LOCKED_OUT;
        snprintf(answer->reason, sizeof(answer->reason), "%s", session_reason(session));
    }
}

/* The last thing that the client's thread does with a job. It hands the answer to the waiting thread; all
 * that belongs to the loop or is counted without locks (the credential) is freed here. */
static void finish(struct job *job, bool given_up)
{
    struct transfer *transfer = &job->request.transfer;

    list_remove(&job->active);
    pthread_mutex_lock(&job->client->lock);
    list_remove(&job->link);
    job->is_over = true;
    pthread_mutex_unlock(&job->client->lock);
    pthread_mutex_lock(&job->lock);
    if (!given_up)
        describe_outcome(job, &job->answer);
    job->answer.given_up = given_up;
    job->answer.headers = transfer->response;
    job->answer.body = transfer->response_body;
    transfer->response = (struct headers)HEADERS_INIT;
    transfer->response_body = (struct buf)BUF_INIT(0);
    request_free(&job->request);
    if (job->wants_parts && !job->has_begun && answer_is_success(&job->answer))
        copy_head(job, &job->answer.headers);
    job->finished = true;
    pthread_cond_signal(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

static void job_request_done(struct request *request)
{
    finish(CONTAINER_OF(request, struct job, request), false);
}

static void serve(struct job *job, unsigned wanted)
{
    if (wanted & WANT_START)
        list_append(&job->client->active, &job->active);
    if (wanted & WANT_CANCEL) {
        finish(job, true);
        return;
    }
    if (wanted & WANT_RESUME) {
        request_alive(&job->request);
        transfer_resume(&job->request.transfer);
    }
    if (wanted & WANT_START) /* last, because it may finish the job */
        request_start(&job->request);
}

/* Takes the next posted job, or returns NULL. */
static struct job *next_posted(tb_client *client, unsigned *wanted, bool *closing)
{
    struct job *job = NULL;

    pthread_mutex_lock(&client->lock);
    *closing = client->closing;
    if (!list_is_empty(&client->posted)) {
        job = CONTAINER_OF(client->posted.next, struct job, link);
        list_remove(&job->link);
        *wanted = job->wanted;
        job->wanted = 0;
    }
    pthread_mutex_unlock(&client->lock);
    return job;
}

void perform_posted(tb_client *client)
{
    struct job *job;
    unsigned wanted = 0;
    bool closing;

    while ((job = next_posted(client, &wanted, &closing)))
        serve(job, closing ? wanted | WANT_CANCEL : wanted);
    while (closing && !list_is_empty(&client->active))
        finish(CONTAINER_OF(client->active.next, struct job, active), true);
}

/* ---- in the thread that makes the call ---- */

/* Does nothing if the job has ended, e.g. while a sink worked. */
static void post(struct job *job, unsigned wanted)
{
    tb_client *client = job->client;

    pthread_mutex_lock(&client->lock);
    if (!job->is_over) {
        job->wanted |= wanted;
        if (list_is_empty(&job->link))
            list_append(&client->posted, &job->link);
        client_wake(client);
    }
    pthread_mutex_unlock(&client->lock);
}

/* Passes what is in the pipe to the sink. The caller holds the lock, which is released while the sink works.
 * Returns 0 or the negative errno of the sink. */
static int drain(struct job *job, const tb_sink *sink, bool *begun)
{
    struct buf taken = job->pipe;
    bool paused = job->paused;
    int r = 0;

    job->pipe = (struct buf)BUF_INIT(CALL_PIPE_MAX);
    job->paused = false;
    pthread_mutex_unlock(&job->lock);
    if (!*begun && sink->begin)
        r = sink->begin(sink->context, job->content_type, job->file_name, job->length);
    *begun = true;
    if (r >= 0 && taken.len > 0)
        r = sink->write(sink->context, taken.data, taken.len);
    buf_free(&taken);
    if (paused && r >= 0)
        post(job, WANT_RESUME);
    pthread_mutex_lock(&job->lock);
    return r < 0 ? r : 0;
}

/* Waits until the client's thread is done with the job. Returns 0 or the negative errno of the sink. */
static int wait_for_end(struct job *job, const tb_sink *sink)
{
    bool begun = false;
    int r = 0;

    pthread_mutex_lock(&job->lock);
    for (;;) {
        if (sink && r == 0 && (job->pipe.len > 0 || (job->has_begun && !begun))) {
            r = drain(job, sink, &begun);
            if (r < 0 && !job->finished) {
                pthread_mutex_unlock(&job->lock);
                post(job, WANT_CANCEL);
                pthread_mutex_lock(&job->lock);
            }
        } else if (job->finished) {
            break;
        } else {
            pthread_cond_wait(&job->changed, &job->lock);
        }
    }
    pthread_mutex_unlock(&job->lock);
    return r;
}

static void fill_parts(struct job *job, struct parts *parts)
{
    struct transfer *transfer = &job->request.transfer;

    parts_rewind(parts);
    transfer->read = job_body_wanted;
    transfer->rewind = job_body_rewound;
    transfer->read_length = parts->length;
}

static void fill_request(struct job *job, struct call *call, const char *target, const tb_sink *sink)
{
    struct request *request = &job->request;

    request_init(request, &job->client->upstream, &job->client->request_options);
    request->method = tb_method_name((enum tb_method)call->operation->method);
    request->target = target ? target : call->target.data;
    request->headers = &call->headers;
    request->body = call->has_body ? &call->body : NULL;
    request->anonymous = call->operation->flags & TB_ANONYMOUS;
    request->retry = (enum tb_retry)call->operation->retry;
    request->done = job_request_done;
    if (call->operation->body == TB_BODY_MULTIPART)
        fill_parts(job, &call->parts);
    job->wants_parts = sink != NULL;
    if (sink)
        request->transfer.write = job_part_arrived;
}

int call_send(struct call *call, tb_client *client, const char *target, const tb_sink *sink,
              struct answer *ret, tb_error *err)
{
    struct job job = {.client = client, .call = call, .pipe = BUF_INIT(CALL_PIPE_MAX)};
    int r = 0;
    int sink_said;

    list_init(&job.link);
    list_init(&job.active);
    pthread_mutex_init(&job.lock, NULL);
    pthread_cond_init(&job.changed, NULL);
    fill_request(&job, call, target, sink);
    post(&job, WANT_START);
    sink_said = wait_for_end(&job, sink);
    pthread_mutex_destroy(&job.lock);
    pthread_cond_destroy(&job.changed);
    buf_free(&job.pipe);
    if (sink_said < 0)
        r = FAIL(err, TB_ERROR_SYSTEM, sink_said, "%s: the sink failed: %s", call_name(call),
                 strerror(-sink_said));
    else if (call->parts.failure.code < 0)
        r = FAIL(err, TB_ERROR_SYSTEM, call->parts.failure.code, "%s: body: %s", call_name(call),
                 call->parts.failure.message);
    if (r < 0)
        answer_free(&job.answer);
    else
        *ret = job.answer;
    return r;
}

int call_perform(struct call *call, tb_client *client, const char *target, const tb_sink *sink,
                 struct answer *ret, tb_error *err)
{
    struct answer answer;
    int r = call_send(call, client, target, sink, &answer, err);

    if (r < 0)
        return r;
    if (!answer_is_success(&answer)) {
        r = answer_error(&answer, call_name(call), err);
        answer_free(&answer);
        return r;
    }
    *ret = answer;
    return 0;
}
