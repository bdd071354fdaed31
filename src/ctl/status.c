/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_status.h"
#include "ctl/text.h"

#define FAILURES_SHOWN 5

static const struct status_member last_failure_members[] = {
    {"at", MEMBER_TEXT, false, NULL},
    {"cause", MEMBER_WORDS, false, NULL},
    {0},
};

static const struct status_member server_members[] = {
    {"state", MEMBER_TEXT, false, NULL},
    {"for_ms", MEMBER_COUNT, false, NULL},
    {"url", MEMBER_TEXT, false, NULL},
    {"edition", MEMBER_TEXT, true, NULL},
    {"version", MEMBER_TEXT, true, NULL},
    {"cause", MEMBER_WORDS, true, NULL},
    {"remedy", MEMBER_WORDS, true, NULL},
    {"next_try_ms", MEMBER_COUNT, true, NULL},
    {"last_failure", MEMBER_OBJECT, true, last_failure_members},
    {0},
};

static const struct status_member session_members[] = {
    {"state", MEMBER_TEXT, false, NULL},
    {"method", MEMBER_TEXT, false, NULL},
    {"user", MEMBER_WORDS, true, NULL},
    {"expires_in_ms", MEMBER_COUNT, true, NULL},
    {"renews_in_ms", MEMBER_COUNT, true, NULL},
    {"reason", MEMBER_WORDS, true, NULL},
    {0},
};

static const struct status_member queue_members[] = {
    {"requests", MEMBER_COUNT, false, NULL},
    {"max_requests", MEMBER_COUNT, false, NULL},
    {"oldest_ms", MEMBER_COUNT, false, NULL},
    {0},
};

static const struct status_member limits_members[] = {
    {"limit", MEMBER_TEXT, true, NULL},           {"source", MEMBER_TEXT, false, NULL},
    {"closed_for_ms", MEMBER_COUNT, false, NULL}, {"in_flight", MEMBER_COUNT, false, NULL},
    {"max_in_flight", MEMBER_COUNT, false, NULL}, {0},
};

static const struct status_member failure_members[] = {
    {"at", MEMBER_TEXT, false, NULL},
    {"operation", MEMBER_TEXT, false, NULL},
    {"client", MEMBER_TEXT, false, NULL},
    {"status", MEMBER_COUNT, false, NULL},
    {"reason", MEMBER_WORDS, true, NULL},
    {"count", MEMBER_COUNT, false, NULL},
    {0},
};

static const struct status_member spool_members[] = {
    {"mode", MEMBER_TEXT, false, NULL},
    {"open", MEMBER_FLAG, false, NULL},
    {"rows", MEMBER_COUNT, false, NULL},
    {"bytes", MEMBER_COUNT, false, NULL},
    {"aside", MEMBER_COUNT, false, NULL},
    {"oldest_ms", MEMBER_COUNT, false, NULL},
    {"delivered_per_s", MEMBER_NUMBER, false, NULL},
    {"left_ms", MEMBER_COUNT, true, NULL},
    {"cause", MEMBER_WORDS, true, NULL},
    {"remedy", MEMBER_WORDS, true, NULL},
    {0},
};

static const struct status_member members[] = {
    {"version", MEMBER_TEXT, false, NULL},
    {"pid", MEMBER_COUNT, false, NULL},
    {"uptime_ms", MEMBER_COUNT, false, NULL},
    {"draining", MEMBER_FLAG, false, NULL},
    {"log_level", MEMBER_TEXT, false, NULL},
    {"server", MEMBER_OBJECT, false, server_members},
    {"session", MEMBER_OBJECT, false, session_members},
    {"queue", MEMBER_OBJECT, false, queue_members},
    {"limits", MEMBER_OBJECT, false, limits_members},
    {"spool", MEMBER_OBJECT, true, spool_members},
    {"failures", MEMBER_LIST, false, failure_members},
    {0},
};

static enum colour colour_of(const char *state)
{
    if (strcmp(state, "ready") == 0)
        return COLOUR_GREEN;
    return strcmp(state, "starting") == 0 || strcmp(state, "limited") == 0 ? COLOUR_YELLOW : COLOUR_RED;
}

static void print_optional(const char *label, const json_t *object, const char *name)
{
    const char *text = text_of(object, name);

    if (text)
        field_print(label, COLOUR_NONE, "%s", text);
}

static void print_in(const char *label, const json_t *object, const char *name)
{
    char words[DURATION_MAX_BYTES];

    if (!json_is_null(json_object_get(object, name)))
        field_print(label, COLOUR_NONE, "in %s", duration_words(count_of(object, name), words));
}

static void print_server(const json_t *server)
{
    const json_t *failure = json_object_get(server, "last_failure");
    const char *state = text_of(server, "state"), *edition = text_of(server, "edition");
    const char *version = text_of(server, "version");
    char words[DURATION_MAX_BYTES];

    field_print("state", colour_of(state), "%s for %s", state,
                duration_words(count_of(server, "for_ms"), words));
    print_optional("cause", server, "cause");
    print_optional("remedy", server, "remedy");
    print_in("next try", server, "next_try_ms");
    field_print("server", COLOUR_NONE, "%s%s%s%s%s", text_of(server, "url"), edition || version ? ", " : "",
                edition ? edition : "", edition && version ? " " : "", version ? version : "");
    if (!text_of(server, "cause") && !json_is_null(failure))
        field_print("last error", COLOUR_NONE, "%s: %s", ago_words(text_of(failure, "at"), words),
                    text_of(failure, "cause"));
}

static const char *method_words(const char *method)
{
    return strcmp(method, "api-key") == 0 ? "an API key"
           : strcmp(method, "token") == 0 ? "a token"
                                          : "a password";
}

/* CAUSE is why the server cannot be used; NULL: it can. */
static void print_session(const json_t *session, const char *cause)
{
    const char *user = text_of(session, "user"), *reason = text_of(session, "reason");

    field_print("session", COLOUR_NONE, "%s, with %s%s%s", text_of(session, "state"),
                method_words(text_of(session, "method")), user ? " of " : "", user ? user : "");
    if (reason && !(cause && strcmp(reason, cause) == 0))
        field_print("reason", COLOUR_NONE, "%s", reason);
    print_in("expires", session, "expires_in_ms");
    print_in("renewal", session, "renews_in_ms");
}

static void print_load(const json_t *queue, const json_t *limits)
{
    const char *limit = text_of(limits, "limit");
    char words[DURATION_MAX_BYTES];

    field_print("waiting", COLOUR_NONE,
                "%" JSON_INTEGER_FORMAT " of at most %" JSON_INTEGER_FORMAT " requests%s%s",
                count_of(queue, "requests"), count_of(queue, "max_requests"),
                count_of(queue, "requests") > 0 ? ", the oldest for " : "",
                count_of(queue, "requests") > 0 ? duration_words(count_of(queue, "oldest_ms"), words) : "");
    field_print("in flight", COLOUR_NONE,
                "%" JSON_INTEGER_FORMAT " of at most %" JSON_INTEGER_FORMAT " calls",
                count_of(limits, "in_flight"), count_of(limits, "max_in_flight"));
    if (limit && *limit)
        field_print("limit", COLOUR_NONE, "%s (%s)", limit, text_of(limits, "source"));
    else
        field_print("limit", COLOUR_NONE, "not known");
    if (count_of(limits, "closed_for_ms") > 0)
        print_in("opens", limits, "closed_for_ms");
}

static void print_backlog(const json_t *spool)
{
    double per_s = json_number_value(json_object_get(spool, "delivered_per_s"));
    char size[DURATION_MAX_BYTES], oldest[DURATION_MAX_BYTES], left[DURATION_MAX_BYTES], rate[60] = "";
    bool is_shrinking = per_s > 0 && !json_is_null(json_object_get(spool, "left_ms"));

    if (per_s > 0)
        snprintf(rate, sizeof(rate),
                 per_s < 100 ? "; %.3g a second are delivered" : "; %.0f a second are delivered", per_s);
    field_print("spool", COLOUR_NONE, "%" JSON_INTEGER_FORMAT " row%s, %s, the oldest for %s%s%s%s",
                count_of(spool, "rows"), count_of(spool, "rows") == 1 ? "" : "s",
                size_words(count_of(spool, "bytes"), size),
                duration_words(count_of(spool, "oldest_ms"), oldest), rate, is_shrinking ? ", empty in " : "",
                is_shrinking ? duration_words(count_of(spool, "left_ms"), left) : "");
}

static void print_spool(const json_t *spool)
{
    const char *remedy = text_of(spool, "remedy");

    if (json_is_null(spool))
        return;
    if (!json_is_true(json_object_get(spool, "open")))
        field_print("spool", COLOUR_RED, "unusable, mode %s", text_of(spool, "mode"));
    else if (count_of(spool, "rows") > 0)
        print_backlog(spool);
    else
        field_print("spool", COLOUR_NONE, "nothing waits, mode %s", text_of(spool, "mode"));
    if (count_of(spool, "aside") > 0)
        field_print("set aside", COLOUR_RED, "%" JSON_INTEGER_FORMAT " row%s", count_of(spool, "aside"),
                    count_of(spool, "aside") == 1 ? "" : "s");
    if (text_of(spool, "cause"))
        field_print("", COLOUR_RED, "%s%s%s", text_of(spool, "cause"), remedy ? "; " : "",
                    remedy ? remedy : "");
}

static void print_failure(const json_t *failure)
{
    const char *reason = text_of(failure, "reason"), *operation = text_of(failure, "operation");
    bool is_known = strcmp(operation, "unknown") != 0;
    char ago[DURATION_MAX_BYTES], client[CLIENT_MAX_BYTES];

    field_print("failed", COLOUR_NONE,
                "%" JSON_INTEGER_FORMAT " x %" JSON_INTEGER_FORMAT " %s%sfor %s, %s%s%s",
                count_of(failure, "count"), count_of(failure, "status"), is_known ? operation : "",
                is_known ? " " : "", client_words(text_of(failure, "client"), client),
                ago_words(text_of(failure, "at"), ago), reason ? ": " : "", reason ? reason : "");
}

static void print_failures(const json_t *failures)
{
    size_t count = json_array_size(failures), i;

    for (i = 0; i < count && i < FAILURES_SHOWN; i++)
        print_failure(json_array_get(failures, i));
    if (count > FAILURES_SHOWN)
        field_print("", COLOUR_NONE, "%zu more; --json has all", count - FAILURES_SHOWN);
}

static void print(const json_t *status)
{
    const json_t *server = json_object_get(status, "server");
    char words[DURATION_MAX_BYTES];

    print_server(server);
    print_session(json_object_get(status, "session"), text_of(server, "cause"));
    print_load(json_object_get(status, "queue"), json_object_get(status, "limits"));
    print_spool(json_object_get(status, "spool"));
    field_print("tbproxyd", COLOUR_NONE, "%s, pid %" JSON_INTEGER_FORMAT ", up %s, log level %s%s",
                text_of(status, "version"), count_of(status, "pid"),
                duration_words(count_of(status, "uptime_ms"), words), text_of(status, "log_level"),
                json_is_true(json_object_get(status, "draining")) ? ", stopping" : "");
    print_failures(json_object_get(status, "failures"));
}

static int run(const struct arguments *arguments)
{
    static const struct status_part part = {NULL, members, true, print};

    return status_print("status", &part, arguments);
}

const struct subcommand status_subcommand = {
    .name = "status",
    .summary = "show whether tbproxyd can serve, and why not",
    .usage = "Usage: tbproxyctl status [OPTION]...\n"
             "Shows the state of the server, with cause and remedy; the session, the queue,\n"
             "the limits, the spool, and which requests failed lately.\n" STATUS_USAGE_TAIL,
    .options = status_options,
    .run = run,
};
