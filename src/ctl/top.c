/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "ctl/daemon_page.h"
#include "ctl/daemon_status.h"
#include "ctl/daemon_stream.h"
#include "ctl/message.h"
#include "ctl/screen.h"
#include "ctl/text.h"

#define HEAD_LINES    7 /* at most, above the clients */
#define SILENCE_MAX_S 5 /* the status comes once a second */

static const struct status_member server_members[] = {
    {"state", MEMBER_TEXT, false, NULL},  {"for_ms", MEMBER_COUNT, false, NULL},
    {"url", MEMBER_TEXT, false, NULL},    {"cause", MEMBER_WORDS, true, NULL},
    {"remedy", MEMBER_WORDS, true, NULL}, {0},
};

static const struct status_member client_members[] = {
    {"client", MEMBER_TEXT, false, NULL},
    {"answered", MEMBER_COUNT, true, NULL},
    {"requests", MEMBER_COUNT, false, NULL},
    {"in_flight", MEMBER_COUNT, false, NULL},
    {"connections", MEMBER_COUNT, false, NULL},
    {"streams", MEMBER_COUNT, false, NULL},
    {0},
};

static const struct status_member queue_members[] = {
    {"requests", MEMBER_COUNT, false, NULL},
    {"oldest_ms", MEMBER_COUNT, false, NULL},
    {"clients", MEMBER_LIST, false, client_members},
    {0},
};

static const struct status_member limits_members[] = {
    {"in_flight", MEMBER_COUNT, false, NULL},
    {"max_in_flight", MEMBER_COUNT, false, NULL},
    {"closed_for_ms", MEMBER_COUNT, false, NULL},
    {0},
};

static const struct status_member spool_members[] = {
    {"open", MEMBER_FLAG, false, NULL},
    {"rows", MEMBER_COUNT, false, NULL},
    {"bytes", MEMBER_COUNT, false, NULL},
    {"aside", MEMBER_COUNT, false, NULL},
    {"oldest_ms", MEMBER_COUNT, false, NULL},
    {"stored_per_s", MEMBER_NUMBER, false, NULL},
    {"delivered_per_s", MEMBER_NUMBER, false, NULL},
    {0},
};

static const struct status_member members[] = {
    {"uptime_ms", MEMBER_COUNT, false, NULL},       {"server", MEMBER_OBJECT, false, server_members},
    {"queue", MEMBER_OBJECT, false, queue_members}, {"limits", MEMBER_OBJECT, false, limits_members},
    {"spool", MEMBER_OBJECT, true, spool_members},  {0},
};

struct row {
    const json_t *client;
    double rate; /* requests answered in a second; negative: not known yet */
};

struct top {
    bool json;
    unsigned left;    /* blocks; 0: without end */
    json_t *previous; /* the status before */
    struct tb_error err;
    struct screen screen; /* not open with --json */
};

/* ---- one block ---- */

static const json_t *find_client(const json_t *status, const char *name)
{
    const json_t *clients = json_object_get(json_object_get(status, "queue"), "clients");
    size_t i;

    for (i = 0; i < json_array_size(clients); i++)
        if (strcmp(text_of(json_array_get(clients, i), "client"), name) == 0)
            return json_array_get(clients, i);
    return NULL;
}

/* A client that was not there before has counted from 0 since. Of too many, not each is counted. */
static double rate_of(const json_t *client, const json_t *previous, double seconds)
{
    const json_t *before = find_client(previous, text_of(client, "client"));
    json_int_t now = count_of(client, "answered"), then = before ? count_of(before, "answered") : 0;

    return seconds > 0 && json_is_integer(json_object_get(client, "answered"))
               ? (double)(now >= then ? now - then : now) / seconds
               : -1;
}

static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    json_int_t waiting = count_of(b->client, "requests") - count_of(a->client, "requests");

    if (a->rate < b->rate || a->rate > b->rate)
        return a->rate < b->rate ? 1 : -1;
    return waiting > 0   ? 1
           : waiting < 0 ? -1
                         : strcmp(text_of(a->client, "client"), text_of(b->client, "client"));
}

static void print_row(FILE *file, const struct row *row)
{
    char name[CLIENT_MAX_BYTES], rate[32] = "-";

    if (row->rate >= 0)
        snprintf(rate, sizeof(rate), "%.1f", row->rate);
    fprintf(file,
            "%-28s %9s %9" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %11" JSON_INTEGER_FORMAT
            " %8" JSON_INTEGER_FORMAT "\n",
            client_words(text_of(row->client, "client"), name), rate, count_of(row->client, "requests"),
            count_of(row->client, "in_flight"), count_of(row->client, "connections"),
            count_of(row->client, "streams"));
}

static void print_clients(FILE *file, const struct top *top, const json_t *status)
{
    const json_t *clients = json_object_get(json_object_get(status, "queue"), "clients");
    size_t count = json_array_size(clients), height = terminal_height(), i;
    CLEANUP(free_pointer) struct row *rows = calloc(count + 1, sizeof(*rows));
    double seconds =
        top->previous ? (double)(count_of(status, "uptime_ms") - count_of(top->previous, "uptime_ms")) / 1000
                      : 0;

    for (i = 0; rows && i < count; i++)
        rows[i] = (struct row){json_array_get(clients, i),
                               rate_of(json_array_get(clients, i), top->previous, seconds)};
    if (rows)
        qsort(rows, count, sizeof(*rows), compare);
    fprintf(file, "%-28s %9s %9s %9s %11s %8s\n", "client", "answers/s", "waiting", "at server",
            "connections", "streams");
    for (i = 0; rows && i < count && (!top->screen.is_open || i + HEAD_LINES < height); i++)
        print_row(file, &rows[i]);
}

static void print_spool(FILE *file, const json_t *spool)
{
    char size[DURATION_MAX_BYTES], oldest[DURATION_MAX_BYTES];

    if (json_is_null(spool))
        return;
    if (!json_is_true(json_object_get(spool, "open"))) {
        fprintf(file, "spool: unusable; tbproxyctl status says why\n");
        return;
    }
    fprintf(file,
            "spool: %" JSON_INTEGER_FORMAT " waiting, %s, the oldest for %s; %.1f/s stored, %.1f/s delivered"
            "; %" JSON_INTEGER_FORMAT " set aside\n",
            count_of(spool, "rows"), size_words(count_of(spool, "bytes"), size),
            duration_words(count_of(spool, "oldest_ms"), oldest),
            json_number_value(json_object_get(spool, "stored_per_s")),
            json_number_value(json_object_get(spool, "delivered_per_s")), count_of(spool, "aside"));
}

static void print_block(FILE *file, const struct top *top, const json_t *status)
{
    const json_t *server = json_object_get(status, "server"), *queue = json_object_get(status, "queue");
    const json_t *limits = json_object_get(status, "limits");
    const char *cause = text_of(server, "cause"), *remedy = text_of(server, "remedy");
    char words[DURATION_MAX_BYTES], closed[DURATION_MAX_BYTES];
    json_int_t closed_ms = count_of(limits, "closed_for_ms");

    fprintf(file, "%s: %s for %s\n", text_of(server, "url"), text_of(server, "state"),
            duration_words(count_of(server, "for_ms"), words));
    if (cause)
        fprintf(file, "%s%s%s\n", cause, remedy ? "; " : "", remedy ? remedy : "");
    fprintf(file,
            "%" JSON_INTEGER_FORMAT " waiting, the oldest for %s; %" JSON_INTEGER_FORMAT
            " of %" JSON_INTEGER_FORMAT " at the server%s%s\n",
            count_of(queue, "requests"), duration_words(count_of(queue, "oldest_ms"), words),
            count_of(limits, "in_flight"), count_of(limits, "max_in_flight"),
            closed_ms > 0 ? "; rate limited for " : "",
            closed_ms > 0 ? duration_words(closed_ms, closed) : "");
    print_spool(file, json_object_get(status, "spool"));
    fputc('\n', file);
    print_clients(file, top, status);
}

/* ---- where it goes ---- */

static void show_block(struct top *top, const json_t *status)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        return;
    print_block(file, top, status);
    if (fclose(file) == 0 && top->screen.is_open)
        screen_put(&top->screen, text);
    else if (text)
        printf("%s%s", top->previous ? "\n" : "", text);
    free(text);
}

static int show(void *context, const char *name, const json_t *data)
{
    static const struct status_part part = {NULL, members, true, NULL};
    struct top *top = context;
    const json_t *status;

    if (strcmp(name, "status") != 0)
        return 0;
    if (status_find(&part, data, &status, &top->err) < 0)
        return 1;
    if (top->json)
        status_print_json_line(status);
    else
        show_block(top, status);
    json_decref(top->previous);
    top->previous = json_incref((json_t *)data);
    if (fflush(stdout) != 0)
        return 1;
    return top->left > 0 && --top->left == 0;
}

static int read_input(void *context)
{
    struct top *top = context;

    return screen_input(&top->screen);
}

static int run(const struct arguments *arguments)
{
    struct top top = {.json = arguments->json, .left = arguments->blocks, .err = TB_ERROR_INIT};
    struct daemon_stream stream = {
        .event = show, .context = &top, .silence_max_s = SILENCE_MAX_S, .fds = {-1, -1}, .input = read_input};
    struct connection_options way = arguments->connection;
    int r = connection_to_admin(&arguments->connection, &way, &top.err);

    if (r == 0) {
        if (!top.json)
            screen_open(&top.screen);
        if (top.screen.is_open) {
            stream.fds[0] = STDIN_FILENO;
            stream.fds[1] = top.screen.signals;
        }
        r = daemon_stream(&way, "/-/events", &stream, &top.err);
        screen_close(&top.screen);
    }
    json_decref(top.previous);
    if (r < 0 || top.err.code < 0)
        return daemon_page_report("top", &way, &top.err);
    return finish(STATUS_GOOD);
}

static const char *const options[] = {"admin", "ca-file", "count", "help", "json", "url", NULL};

const struct subcommand top_subcommand = {
    .name = "top",
    .summary = "show what tbproxyd does, once a second",
    .usage = "Usage: tbproxyctl top [OPTION]...\n"
             "Shows once a second the state of the server, how many requests wait, the spool\n"
             "if it is on, and the users whose programs ask the most. On a terminal, q ends\n"
             "it.\n"
             "\n"
             "  --count N            end after N times\n"
             "  --json               print tbproxyd's status, one JSON object per line\n" ADMIN_USAGE
             "  --url URL            URL of admin.address instead\n"
             "  --ca-file FILE       trust the certificates in FILE instead of the system's\n"
             "\n"
             "Exit status: 0 on success, 2 for a wrong command line, 4 if you may not do so, 7\n"
             "if tbproxyd is not reachable or stops, 1 for any other failure.\n",
    .options = options,
    .run = run,
};
