/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "ctl/daemon_status.h"
#include "ctl/text.h"

static const struct status_member client_members[] = {
    {"client", MEMBER_TEXT, false, NULL},        {"requests", MEMBER_COUNT, false, NULL},
    {"in_flight", MEMBER_COUNT, false, NULL},    {"connections", MEMBER_COUNT, false, NULL},
    {"waiting_ports", MEMBER_LIST, false, NULL}, {0},
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

static void print_ports(const json_t *ports, struct buf *text)
{
    size_t i;

    for (i = 0; i < json_array_size(ports); i++)
        buf_append_format(text, "%s %" JSON_INTEGER_FORMAT, i == 0 ? "; waiting at TCP ports" : ",",
                          json_integer_value(json_array_get(ports, i)));
}

static void print_client(const json_t *client)
{
    CLEANUP(buf_free) struct buf ports = BUF_INIT(FIELD_MAX_BYTES);
    char name[CLIENT_MAX_BYTES];

    print_ports(json_object_get(client, "waiting_ports"), &ports);
    field_print("client", COLOUR_NONE,
                "%s: %" JSON_INTEGER_FORMAT " waiting, %" JSON_INTEGER_FORMAT
                " at the server, %" JSON_INTEGER_FORMAT " connections%s",
                client_words(text_of(client, "client"), name), count_of(client, "requests"),
                count_of(client, "in_flight"), count_of(client, "connections"),
                ports.len > 0 ? ports.data : "");
}

static void print(const json_t *part)
{
    const json_t *clients = json_object_get(part, "clients");
    size_t i;

    print_bounded("requests", part, "requests", "max_requests", "");
    print_bounded("bytes", part, "bytes", "max_bytes", "");
    print_bounded("oldest", part, "oldest_ms", "max_wait_ms", " ms");
    printf("merge      %s\n", json_string_value(json_object_get(part, "merge")));
    for (i = 0; i < json_array_size(clients); i++)
        if (count_of(json_array_get(clients, i), "connections") > 0)
            print_client(json_array_get(clients, i));
}

static int run(const struct arguments *arguments)
{
    static const struct status_part part = {"queue", members, true, print};

    return status_print("queue", &part, arguments);
}

const struct subcommand queue_subcommand = {
    .name = "queue",
    .summary = "show the requests that wait in tbproxyd",
    .usage = "Usage: tbproxyctl queue [OPTION]...\n"
             "Shows how many requests wait in tbproxyd to be sent, for how long, and for which\n"
             "users.\n" STATUS_USAGE_TAIL,
    .options = status_options,
    .run = run,
};
