/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_stream.h"

#include <errno.h>

#include "base/buf.h"
#include "client/error.h"
#include "ctl/daemon_page.h"
#include "ctl/daemon_request.h"

#define WAIT_MS 1000 /* libcurl may have something to do */

struct reading {
    const struct daemon_stream *stream;
    CURL *easy;
    tb_events events;
    tb_sink sink;
    struct buf refusal; /* the body of an answer that is not a stream */
    bool ended;         /* by STREAM */
    bool malformed;
};

static int take_event(void *context, const char *name, const char *data, const char *id)
{
    struct reading *reading = context;
    json_t *value = json_loads(data, 0, NULL);

    (void)id;
    reading->malformed = !json_is_object(value);
    if (!reading->malformed && reading->stream->event(reading->stream->context, name, value) != 0)
        reading->ended = true;
    json_decref(value);
    return reading->ended || reading->malformed ? -ECANCELED : 0;
}

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct reading *reading = context;
    long status = 0;
    int r;

    curl_easy_getinfo(reading->easy, CURLINFO_RESPONSE_CODE, &status);
    r = status == 200 ? reading->sink.write(reading->sink.context, data, size * count)
                      : buf_append(&reading->refusal, data, size * count);
    return r < 0 ? 0 : count;
}

/* Waits until libcurl or STREAM has something to do. */
static int wait_for_input(CURLM *multi, struct reading *reading)
{
    struct curl_waitfd fds[DAEMON_STREAM_FDS];
    unsigned count = 0, i;

    for (i = 0; i < DAEMON_STREAM_FDS; i++)
        if (reading->stream->fds[i] >= 0)
            fds[count++] = (struct curl_waitfd){.fd = reading->stream->fds[i], .events = CURL_WAIT_POLLIN};
    if (curl_multi_poll(multi, fds, count, WAIT_MS, NULL) != CURLM_OK)
        return -EIO;
    for (i = 0; i < count; i++)
        if (fds[i].revents && reading->stream->input(reading->stream->context) != 0)
            reading->ended = true;
    return 0;
}

/* Returns how the transfer has ended; CURLE_OK also if STREAM has ended it. */
static CURLcode transfer(CURLM *multi, struct reading *reading)
{
    const CURLMsg *message;
    int running = 1, left;

    while (running && !reading->ended)
        if (curl_multi_perform(multi, &running) != CURLM_OK ||
            (running && wait_for_input(multi, reading) < 0))
            return CURLE_FAILED_INIT;
    message = reading->ended ? NULL : curl_multi_info_read(multi, &left);
    return message ? message->data.result : CURLE_OK;
}

static int judge(const struct connection_options *options, struct reading *reading, CURLcode code,
                 const char *detail, struct tb_error *err)
{
    long status = 0;
    json_t *answer;
    int r;

    if (reading->ended)
        return 0;
    if (reading->malformed)
        return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "an event is not a JSON object; this is not tbproxyd");
    if (code != CURLE_OK)
        return daemon_request_error(options, reading->easy, code, detail, err);
    curl_easy_getinfo(reading->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return FAIL(err, TB_ERROR_TRANSPORT, -EPIPE, "tbproxyd has closed the connection");
    answer = reading->refusal.data ? json_loadb(reading->refusal.data, reading->refusal.len, 0, NULL) : NULL;
    r = daemon_page_refuse((int)status, answer, err);
    json_decref(answer);
    return r;
}

int daemon_stream(const struct connection_options *options, const char *path,
                  const struct daemon_stream *stream, struct tb_error *err)
{
    struct reading reading = {.stream = stream, .refusal = BUF_INIT(DAEMON_PAGE_MAX_BYTES)};
    char detail[CURL_ERROR_SIZE];
    CURLM *multi = curl_multi_init();
    CURLcode code;
    int r = -ENOMEM;

    reading.events = (tb_events){.event = take_event, .context = &reading};
    reading.sink = tb_sink_to_events(&reading.events);
    reading.easy = multi ? daemon_request_new(options, path, detail, err) : NULL;
    if (reading.easy) {
        curl_easy_setopt(reading.easy, CURLOPT_CONNECTTIMEOUT, stream->silence_max_s);
        curl_easy_setopt(reading.easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(reading.easy, CURLOPT_LOW_SPEED_TIME, stream->silence_max_s);
        curl_easy_setopt(reading.easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(reading.easy, CURLOPT_WRITEDATA, &reading);
        curl_multi_add_handle(multi, reading.easy);
        code = transfer(multi, &reading);
        r = judge(options, &reading, code, detail, err);
        curl_multi_remove_handle(multi, reading.easy);
    }
    curl_easy_cleanup(reading.easy);
    curl_multi_cleanup(multi);
    buf_free(&reading.refusal);
    tb_events_free(&reading.events);
    return r;
}
