/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_status.h"
#include "ctl/text.h"

static const struct status_member bucket_members[] = {
    {"capacity", MEMBER_COUNT, false, NULL},
    {"seconds", MEMBER_COUNT, false, NULL},
    {"tokens", MEMBER_NUMBER, false, NULL},
    {0},
};

static const struct status_member operation_members[] = {
    {"operation", MEMBER_TEXT, false, NULL},
    {"closed_for_ms", MEMBER_COUNT, false, NULL},
    {"pace", MEMBER_NUMBER, true, NULL},
    {0},
};

static const struct status_member members[] = {
    {"source", MEMBER_TEXT, false, NULL},
    {"limit", MEMBER_TEXT, true, NULL},
    {"buckets", MEMBER_LIST, false, bucket_members},
    {"learn", MEMBER_FLAG, false, NULL},
    {"pace", MEMBER_NUMBER, true, NULL},
    {"closed_for_ms", MEMBER_COUNT, false, NULL},
    {"operations", MEMBER_LIST, false, operation_members},
    {"in_flight", MEMBER_COUNT, false, NULL},
    {"max_in_flight", MEMBER_COUNT, false, NULL},
    {0},
};

static void print_buckets(const json_t *buckets)
{
    size_t i;

    for (i = 0; i < json_array_size(buckets); i++) {
        const json_t *bucket = json_array_get(buckets, i);

        printf("bucket     %.6g of %" JSON_INTEGER_FORMAT " tokens, %" JSON_INTEGER_FORMAT
               " more in %" JSON_INTEGER_FORMAT " s\n",
               json_number_value(json_object_get(bucket, "tokens")), count_of(bucket, "capacity"),
               count_of(bucket, "capacity"), count_of(bucket, "seconds"));
    }
}

static void print_operations(const json_t *operations)
{
    size_t i;

    for (i = 0; i < json_array_size(operations); i++) {
        const json_t *operation = json_array_get(operations, i);
        const json_t *pace = json_object_get(operation, "pace");
        char words[DURATION_MAX_BYTES];

        printf("operation  %s: ", json_string_value(json_object_get(operation, "operation")));
        if (count_of(operation, "closed_for_ms") > 0)
            printf("closed for %s", duration_words(count_of(operation, "closed_for_ms"), words));
        else
            printf("open");
        if (!json_is_null(pace))
            printf(", learned %.6g tokens a second", json_number_value(pace));
        putchar('\n');
    }
}

static void print(const json_t *part)
{
    const char *limit = json_string_value(json_object_get(part, "limit"));
    const json_t *pace = json_object_get(part, "pace");
    char words[DURATION_MAX_BYTES];

    if (limit && *limit)
        printf("limit      %s (%s)\n", limit, json_string_value(json_object_get(part, "source")));
    else
        puts("limit      not known; set rate.limits");
    print_buckets(json_object_get(part, "buckets"));
    if (json_is_false(json_object_get(part, "learn")))
        puts("learned    off");
    else if (json_is_null(pace))
        puts("learned    nothing yet");
    else
        printf("learned    %.6g tokens a second\n", json_number_value(pace));
    if (count_of(part, "closed_for_ms") > 0)
        printf("closed     for %s; until then, requests wait\n",
               duration_words(count_of(part, "closed_for_ms"), words));
    else
        puts("closed     no");
    print_operations(json_object_get(part, "operations"));
    printf("in flight  %" JSON_INTEGER_FORMAT " of at most %" JSON_INTEGER_FORMAT "\n",
           count_of(part, "in_flight"), count_of(part, "max_in_flight"));
}

static int run(const struct arguments *arguments)
{
    static const struct status_part part = {"limits", members, false, print};

    return status_print("limits", &part, arguments);
}

const struct subcommand limits_subcommand = {
    .name = "limits",
    .summary = "show the rate limits and what is left of them",
    .usage = "Usage: tbproxyctl limits [OPTION]...\n"
             "Shows the rate limits that tbproxyd observes, how many tokens are left, the pace\n"
             "that it has learned, the operations with a limit of their own, and the number of\n"
             "calls in flight.\n" STATUS_USAGE_TAIL,
    .options = status_options,
    .run = run,
};
