/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_status.h"
#include "ctl/text.h"

static const struct status_member client_members[] = {
    {"client", MEMBER_TEXT, false, NULL},       {"answered", MEMBER_COUNT, true, NULL},
    {"requests", MEMBER_COUNT, false, NULL},    {"in_flight", MEMBER_COUNT, false, NULL},
    {"connections", MEMBER_COUNT, false, NULL}, {"streams", MEMBER_COUNT, false, NULL},
    {"body_bytes", MEMBER_COUNT, false, NULL},  {0},
};

static const struct status_member members[] = {
    {"clients", MEMBER_LIST, false, client_members},
    {0},
};

static void print_client(const json_t *client)
{
    char name[CLIENT_MAX_BYTES], answered[24] = "-";

    if (json_is_integer(json_object_get(client, "answered")))
        snprintf(answered, sizeof(answered), "%" JSON_INTEGER_FORMAT, count_of(client, "answered"));
    printf("%-24s %8s %7" JSON_INTEGER_FORMAT " %9" JSON_INTEGER_FORMAT " %11" JSON_INTEGER_FORMAT
           " %7" JSON_INTEGER_FORMAT " %8" JSON_INTEGER_FORMAT "\n",
           client_words(text_of(client, "client"), name), answered, count_of(client, "requests"),
           count_of(client, "in_flight"), count_of(client, "connections"), count_of(client, "streams"),
           count_of(client, "body_bytes"));
}

static void print(const json_t *part)
{
    const json_t *clients = json_object_get(part, "clients");
    size_t i;

    if (json_array_size(clients) == 0)
        puts("no client has asked yet");
    else
        printf("%s%-24s %8s %7s %9s %11s %7s %8s%s\n", colour_begin(COLOUR_BOLD), "client", "answered",
               "waiting", "at server", "connections", "streams", "bytes", colour_end(COLOUR_BOLD));
    for (i = 0; i < json_array_size(clients); i++)
        print_client(json_array_get(clients, i));
}

static int run(const struct arguments *arguments)
{
    static const struct status_part part = {"queue", members, true, print};

    return status_print("clients", &part, arguments);
}

const struct subcommand clients_subcommand = {
    .name = "clients",
    .summary = "show who uses tbproxyd",
    .usage = "Usage: tbproxyctl clients [OPTION]...\n"
             "Shows the users whose programs have asked tbproxyd since its start: requests\n"
             "answered, waiting in tbproxyd and at the server; connections, streams of\n"
             "updates, and bytes of bodies in memory.\n" STATUS_USAGE_TAIL,
    .options = status_options,
    .run = run,
};
