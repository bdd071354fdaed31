/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "base/loop.h"
#include "client/error.h"
#include "ctl/daemon_page.h"
#include "ctl/daemon_status.h"
#include "ctl/message.h"

#define TIMEOUT_DEFAULT_MS 60000
#define PAUSE_MS           200

static void pause_ms(int64_t ms)
{
    struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

/* "unreachable: Connection refused; check ..." */
static int not_ready(const json_t *answer, int status, struct tb_error *err)
{
    const char *state = text_of(answer, "state"), *cause = text_of(answer, "cause"),
               *remedy = text_of(answer, "remedy");

    if (!state)
        return daemon_page_refuse(status, answer, err);
    return FAIL(err, TB_ERROR_SERVICE, -EAGAIN, "the server is not ready: %s%s%s%s%s", state,
                cause ? ": " : "", cause ? cause : "", remedy ? "; " : "", remedy ? remedy : "");
}

/* 0: tbproxyd is ready. A tbproxyd that begins to run may be reachable another way than a moment ago. */
static int ask(const struct connection_options *options, struct connection_options *ret_way, json_t **ret,
               struct tb_error *err)
{
    int refusal, r;
    long status;

    *ret_way = connection_to_daemon(options, &refusal);
    r = daemon_page_get(ret_way, "/-/ready", &status, ret, err);
    return r == 0 && status != 200 ? not_ready(*ret, (int)status, err) : r;
}

static int run(const struct arguments *arguments)
{
    int64_t timeout_ms =
        arguments->connection.timeout_ms ? arguments->connection.timeout_ms : TIMEOUT_DEFAULT_MS;
    int64_t end_ms = clock_boot_ms() + timeout_ms;
    struct tb_error err = TB_ERROR_INIT;
    struct connection_options way;
    json_t *answer = NULL;
    int r;

    if (!arguments->ready)
        return say_usage("wait", "wait: expected --ready");
    while ((r = ask(&arguments->connection, &way, &answer, &err)) < 0 && err.kind != TB_ERROR_USAGE &&
           clock_boot_ms() + PAUSE_MS < end_ms) {
        json_decref(answer);
        answer = NULL;
        tb_error_clear(&err);
        pause_ms(PAUSE_MS);
    }
    if (r == 0 && arguments->json)
        status_print_json(answer);
    json_decref(answer);
    return r < 0 ? daemon_page_report("wait", &way, &err) : finish(STATUS_GOOD);
}

static const char *const options[] = {"admin",   "ca-file",     "help", "json", "ready",
                                      "timeout", "unix-socket", "url",  NULL};

const struct subcommand wait_subcommand = {
    .name = "wait",
    .summary = "wait until tbproxyd can serve",
    .usage = "Usage: tbproxyctl wait --ready [--timeout SECONDS] [OPTION]...\n"
             "Waits until tbproxyd runs and its server can be used.\n"
             "\n"
             "  --timeout SECONDS    how long to wait at most (default: 60)\n"
             "  --json               print tbproxyd's answer\n" WAY_USAGE "\n"
             "Exit status: 0 if it is ready; after the time, 6 if the server cannot be used,\n"
             "with the cause, 7 if tbproxyd is not reachable; 2 for a wrong command line, 1\n"
             "for any other failure.\n",
    .options = options,
    .run = run,
};
