/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/spool_print.h"

#include "base/utf8.h"
#include "base/util.h"
#include "ctl/message.h"
#include "ctl/text.h"

#define REFUSAL_MAX_BYTES 200 /* of the server's, in a list */

#define OUTCOME_MEMBERS                                                                                      \
    {"state", MEMBER_TEXT, false, NULL}, {"arrived", MEMBER_TEXT, true, NULL},                               \
        {"attempts", MEMBER_COUNT, false, NULL}, {"last_attempt", MEMBER_TEXT, true, NULL},                  \
        {"status", MEMBER_COUNT, true, NULL}, {"answer", MEMBER_WORDS, true, NULL},                          \
        {"reason", MEMBER_WORDS, true, NULL},                                                                \
    {                                                                                                        \
        "client", MEMBER_TEXT, true, NULL                                                                    \
    }

static const struct status_member row_members[] = {
    OUTCOME_MEMBERS,
    {"number", MEMBER_COUNT, false, NULL},
    {"entity", MEMBER_WORDS, false, NULL},
    {0},
};

static const struct status_member page_members[] = {
    {"rows", MEMBER_LIST, false, row_members},
    {"next", MEMBER_COUNT, true, NULL},
    {0},
};

static const struct status_member part_members[] = {
    OUTCOME_MEMBERS,
    {"entity", MEMBER_WORDS, true, NULL},
    {"operation", MEMBER_TEXT, true, NULL},
    {"server", MEMBER_WORDS, true, NULL},
    {"tenant", MEMBER_WORDS, true, NULL},
    {"size", MEMBER_COUNT, false, NULL},
    {0},
};

static const struct status_member write_members[] = {
    {"number", MEMBER_COUNT, false, NULL},
    {"state", MEMBER_TEXT, false, NULL},
    {"parts", MEMBER_LIST, false, part_members},
    {"more", MEMBER_FLAG, false, NULL},
    {0},
};

static enum colour colour_of(const char *state)
{
    return strcmp(state, "aside") == 0     ? COLOUR_RED
           : strcmp(state, "dropped") == 0 ? COLOUR_YELLOW
                                           : COLOUR_NONE;
}

/* ---- a page ---- */

void spool_print_head(void)
{
    printf("%s%-11s %-9s %-17s %-20s %8s  %s%s\n", colour_begin(COLOUR_BOLD), "number", "state", "arrived",
           "client", "attempts", "entity", colour_end(COLOUR_BOLD));
}

static const char *ago_or_dash(const json_t *row, const char *name, char ret[DURATION_MAX_BYTES])
{
    const char *at = text_of(row, name);

    return at ? ago_words(at, ret) : "-";
}

/* ": 404 Device not found". Of an answer that is an error of the server only its message. */
static void print_refusal(const json_t *row)
{
    const char *answer = text_of(row, "answer") ? text_of(row, "answer") : "";
    json_t *error = json_loads(answer, 0, NULL);
    const char *message = json_string_value(json_object_get(error, "message"));
    char text[REFUSAL_MAX_BYTES];

    snprintf(text, sizeof(text), "%s", message ? message : answer);
    utf8_mask(text);
    printf(": %" JSON_INTEGER_FORMAT "%s%s", count_of(row, "status"), *text ? " " : "", text);
    json_decref(error);
}

static void print_row(const json_t *row)
{
    const char *state = text_of(row, "state"), *client = text_of(row, "client");
    char ago[DURATION_MAX_BYTES], name[CLIENT_MAX_BYTES];
    enum colour colour = colour_of(state);

    printf("%-11" JSON_INTEGER_FORMAT " %s%-9s%s %-17s %-20s %8" JSON_INTEGER_FORMAT "  %s",
           count_of(row, "number"), colour_begin(colour), state, colour_end(colour),
           ago_or_dash(row, "arrived", ago), client_words(client ? client : "-", name),
           count_of(row, "attempts"), text_of(row, "entity"));
    if (text_of(row, "reason"))
        printf(": %s", text_of(row, "reason"));
    if (text_of(row, "reason") && !json_is_null(json_object_get(row, "status")))
        print_refusal(row);
    putchar('\n');
}

static void print_page(const json_t *page)
{
    const json_t *rows = json_object_get(page, "rows");
    size_t i;

    for (i = 0; i < json_array_size(rows); i++)
        print_row(json_array_get(rows, i));
}

/* ---- a write ---- */

/* What has no place in a table of members, because it may be long. */
static void print_text(const char *label, const json_t *part, const char *name)
{
    const char *text = text_of(part, name);
    CLEANUP(free_pointer) char *copy = text && *text ? strdup(text) : NULL;

    if (!copy)
        return;
    utf8_mask(copy);
    printf("%-10s %s\n", label, copy);
}

static void print_optional(const char *label, const json_t *part, const char *name)
{
    if (text_of(part, name))
        field_print(label, COLOUR_NONE, "%s", text_of(part, name));
}

static void print_answer(const json_t *part)
{
    const char *answer = text_of(part, "answer");

    if (!json_is_null(json_object_get(part, "status")))
        field_print("answer", COLOUR_NONE, "%" JSON_INTEGER_FORMAT "%s%s", count_of(part, "status"),
                    answer ? ": " : "", answer ? answer : "");
    else if (answer)
        field_print("answer", COLOUR_NONE, "%s", answer);
}

static void print_part(const json_t *part)
{
    const char *state = text_of(part, "state");
    char ago[DURATION_MAX_BYTES];

    field_print("part", colour_of(state), "%s", state);
    if (text_of(part, "last_attempt"))
        field_print("last", COLOUR_NONE, "%s", ago_words(text_of(part, "last_attempt"), ago));
    if (count_of(part, "attempts") > 0)
        field_print("attempts", COLOUR_NONE, "%" JSON_INTEGER_FORMAT, count_of(part, "attempts"));
    print_answer(part);
    print_optional("reason", part, "reason");
    if (json_is_true(json_object_get(part, "damaged")))
        field_print("body", COLOUR_RED, "damaged: the disk has changed it");
    print_text("body", part, "body");
}

/* Parts that have ended do not know it any more. */
static void print_origin(const json_t *part)
{
    char ago[DURATION_MAX_BYTES];

    if (!text_of(part, "entity"))
        return;
    field_print("arrived", COLOUR_NONE, "%s", ago_or_dash(part, "arrived", ago));
    print_optional("entity", part, "entity");
    print_optional("operation", part, "operation");
    print_text("target", part, "target");
    field_print("server", COLOUR_NONE, "%s%s%s", text_of(part, "server") ? text_of(part, "server") : "any",
                text_of(part, "tenant") ? ", tenant " : "",
                text_of(part, "tenant") ? text_of(part, "tenant") : "");
}

static void print_write(const json_t *write)
{
    const json_t *parts = json_object_get(write, "parts"), *first = json_array_get(parts, 0);
    const char *client = text_of(first, "client");
    char name[CLIENT_MAX_BYTES];
    size_t i;

    field_print("write", colour_of(text_of(write, "state")), "%" JSON_INTEGER_FORMAT ", %s",
                count_of(write, "number"), text_of(write, "state"));
    if (client)
        field_print("client", COLOUR_NONE, "%s", client_words(client, name));
    print_origin(first);
    for (i = 0; i < json_array_size(parts); i++)
        print_part(json_array_get(parts, i));
    if (json_is_true(json_object_get(write, "more")))
        puts("more parts are not shown");
}

const struct status_part spool_page_part = {NULL, page_members, false, print_page},
                         spool_write_part = {NULL, write_members, false, print_write};
