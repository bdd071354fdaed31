/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_status.h"

static const struct status_member client_members[] = {
    {"client", MEMBER_TEXT, false, NULL},
    {"requests", MEMBER_COUNT, false, NULL},
    {0},
};

static const struct status_member members[] = {
    {"requests", MEMBER_COUNT, false, NULL},
    {"bytes", MEMBER_COUNT, false, NULL},
    {"max_requests", MEMBER_COUNT, false, NULL},
    {"max_bytes", MEMBER_COUNT, false, NULL},
    {"oldest_ms", MEMBER_COUNT, false, NULL},
    {"max_wait_ms", MEMBER_COUNT, false, NULL},
    {"merge", MEMBER_TEXT, false, NULL},
    {"clients", MEMBER_LIST, false, client_members},
    {0},
};

static void print_bounded(const char *label, const json_t *part, const char *name, const char *bound,
                          const char *unit)
{
    printf("%-9s  %" JSON_INTEGER_FORMAT " of at most %" JSON_INTEGER_FORMAT "%s\n", label,
           json_integer_value(json_object_get(part, name)), json_integer_value(json_object_get(part, bound)),
           unit);
}

static void print(const json_t *part)
{
    const json_t *clients = json_object_get(part, "clients");
    size_t i;

    print_bounded("requests", part, "requests", "max_requests", "");
    print_bounded("bytes", part, "bytes", "max_bytes", "");
    print_bounded("oldest", part, "oldest_ms", "max_wait_ms", " ms");
    printf("merge      %s\n", json_string_value(json_object_get(part, "merge")));
    for (i = 0; i < json_array_size(clients); i++) {
        const json_t *client = json_array_get(clients, i);

        printf("client     %s: %" JSON_INTEGER_FORMAT "\n",
               json_string_value(json_object_get(client, "client")),
               json_integer_value(json_object_get(client, "requests")));
    }
}

static int run(const struct arguments *arguments)
{
    static const struct status_part part = {"queue", members, print};

    return status_print(&part, arguments);
}

const struct subcommand queue_subcommand = {
    .name = "queue",
    .summary = "show the requests that wait in tbproxyd",
    .usage = "Usage: tbproxyctl queue [OPTION]...\n"
             "Shows how many requests wait in tbproxyd to be sent, for how long, and for which\n"
             "clients.\n" STATUS_USAGE_TAIL,
    .options = status_options,
    .run = run,
};
