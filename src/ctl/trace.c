/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <time.h>

#include "base/buf.h"
#include "client/error.h"
#include "ctl/daemon_page.h"
#include "ctl/daemon_status.h"
#include "ctl/daemon_stream.h"
#include "ctl/message.h"
#include "ctl/text.h"

#define PATH_MAX_BYTES 1500
#define SILENCE_MAX_S  40 /* a quiet stream has a comment every 15 s */

static const struct status_member members[] = {
    {"at", MEMBER_TEXT, false, NULL},
    {"client", MEMBER_TEXT, false, NULL},
    {"method", MEMBER_TEXT, false, NULL},
    {"path", MEMBER_WORDS, true, NULL},
    {"operation", MEMBER_TEXT, true, NULL},
    {"status", MEMBER_COUNT, false, NULL},
    {"queue_ms", MEMBER_COUNT, true, NULL},
    {"upstream_ms", MEMBER_COUNT, true, NULL},
    {"total_ms", MEMBER_COUNT, true, NULL},
    {"reason", MEMBER_WORDS, true, NULL},
    {0},
};

struct trace {
    bool json;
    struct tb_error err;
};

static int print_path(const struct arguments *arguments, struct buf *path, struct tb_error *err)
{
    if (buf_append_string(path, "/-/trace") < 0 ||
        daemon_page_add(path, "operation", arguments->only.operation) < 0 ||
        daemon_page_add(path, "status", arguments->only.status) < 0 ||
        daemon_page_add(path, "method", arguments->only.method) < 0)
        return FAIL(err, TB_ERROR_USAGE, -EMSGSIZE, "the options have more than %d bytes", PATH_MAX_BYTES);
    return daemon_page_add_client(path, arguments->only.client, err);
}

/* "15:04:05" of the day here; the text itself if it is no time. */
static const char *time_of_day(const char *at, char ret[DURATION_MAX_BYTES])
{
    struct tm parts = {0};
    time_t seconds;

    snprintf(ret, DURATION_MAX_BYTES, "%s", at);
    if (!strptime(at, "%Y-%m-%dT%H:%M:%S", &parts))
        return ret;
    seconds = timegm(&parts);
    if (localtime_r(&seconds, &parts))
        strftime(ret, DURATION_MAX_BYTES, "%H:%M:%S", &parts);
    return ret;
}

static enum colour colour_of(json_int_t status)
{
    return status >= 500 ? COLOUR_RED : status >= 400 ? COLOUR_YELLOW : COLOUR_NONE;
}

static void print_head(void)
{
    printf("%s%-8s %-18s %-6s %6s %6s %6s  %s%s\n", colour_begin(COLOUR_BOLD), "time", "client", "method",
           "status", "ms", "waited", "operation or path", colour_end(COLOUR_BOLD));
}

static void print_request(const json_t *request)
{
    const char *operation = text_of(request, "operation"), *path = text_of(request, "path");
    const char *reason = text_of(request, "reason");
    char at[DURATION_MAX_BYTES], client[CLIENT_MAX_BYTES];
    enum colour colour = colour_of(count_of(request, "status"));

    printf("%-8s %-18s %-6s %s%6" JSON_INTEGER_FORMAT "%s %6" JSON_INTEGER_FORMAT " %6" JSON_INTEGER_FORMAT
           "  %s%s%s\n",
           time_of_day(text_of(request, "at"), at), client_words(text_of(request, "client"), client),
           text_of(request, "method"), colour_begin(colour), count_of(request, "status"), colour_end(colour),
           count_of(request, "total_ms"), count_of(request, "queue_ms"),
           operation ? operation
           : path    ? path
                     : "-",
           reason ? ": " : "", reason ? reason : "");
}

static int show(void *context, const char *name, const json_t *data)
{
    static const struct status_part part = {NULL, members, false, print_request};
    struct trace *trace = context;
    const json_t *request = data;

    if (strcmp(name, "lost") == 0)
        say("%" JSON_INTEGER_FORMAT " requests are not shown: the output is too slow",
            count_of(data, "lost"));
    else if (strcmp(name, "request") != 0)
        return 0;
    else if (trace->json)
        status_print_json_line(data);
    else if (status_find(&part, data, &request, &trace->err) < 0)
        return 1;
    else
        part.print(request);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int run(const struct arguments *arguments)
{
    CLEANUP(buf_free) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    struct trace trace = {.json = arguments->json, .err = TB_ERROR_INIT};
    struct daemon_stream stream = {
        .event = show, .context = &trace, .silence_max_s = SILENCE_MAX_S, .fds = {-1, -1}};
    struct connection_options way = arguments->connection;
    int r = connection_to_admin(&arguments->connection, &way, &trace.err);

    if (r == 0)
        r = print_path(arguments, &path, &trace.err);
    if (r == 0) {
        if (!arguments->json)
            print_head();
        if (fflush(stdout) != 0) /* nobody would see a request */
            return finish(STATUS_FAILED);
        r = daemon_stream(&way, path.data, &stream, &trace.err);
    }
    if (r < 0 || trace.err.code < 0)
        return daemon_page_report("trace", &way, &trace.err);
    return finish(STATUS_GOOD);
}

static const char *const options[] = {"admin",  "client",    "help",   "json",
                                      "method", "operation", "status", NULL};

const struct subcommand trace_subcommand = {
    .name = "trace",
    .summary = "show requests as they are answered",
    .usage = "Usage: tbproxyctl trace [OPTION]...\n"
             "Shows each request when it has been answered, without its body, until you press\n"
             "Ctrl-C: how long it took, and how much of that it waited in tbproxyd.\n"
             "\n"
             "  --client USER        only those of USER, a name or e.g. uid:1000\n"
             "  --operation ID       only those of the operation ID, e.g. saveDevice\n"
             "  --status STATUS      only those with this HTTP status, e.g. 429, or 5xx\n"
             "  --method METHOD      only those with this method, e.g. POST\n"
             "  --json               print one JSON object per line\n" ADMIN_USAGE "\n"
             "Exit status: 2 for a wrong command line, 4 if you may not do so, 7 if tbproxyd\n"
             "is not reachable or stops, 1 for any other failure.\n",
    .options = options,
    .run = run,
};
