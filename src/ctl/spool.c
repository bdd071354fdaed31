/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>

#include "client/error.h"
#include "ctl/daemon_page.h"
#include "ctl/message.h"
#include "ctl/spool_print.h"
#include "ctl/text.h"

#define PATH_MAX_BYTES 2000
#define ROWS           "200" /* of a page */

/* ---- pages ---- */

/* PATH with what the options select, after the row AFTER (0: from the first one). */
static int print_path(const struct arguments *arguments, const char *path, json_int_t after, struct buf *ret,
                      struct tb_error *err)
{
    const char *number = arguments->word_count > 1 ? arguments->words[1] : NULL;
    const char *state = arguments->only.state ? arguments->only.state : arguments->all ? "aside" : NULL;
    char id[24];

    snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, after);
    buf_truncate(ret, 0);
    if (buf_append_string(ret, path) < 0 || daemon_page_add(ret, "number", number) < 0 ||
        daemon_page_add(ret, "state", state) < 0 ||
        daemon_page_add(ret, "entity", arguments->only.entity) < 0 ||
        daemon_page_add(ret, "after", after ? id : NULL) < 0)
        return FAIL(err, TB_ERROR_USAGE, -EMSGSIZE, "the options have more than %d bytes", PATH_MAX_BYTES);
    return daemon_page_add_client(ret, arguments->only.client, err);
}

/* *RET is a new reference to the answer. */
static int fetch(const struct connection_options *way, const char *path, const char *body, json_t **ret,
                 struct tb_error *err)
{
    json_t *answer = NULL;
    long status = 0;
    int r = daemon_page_request(way, path, body, &status, &answer, err);

    if (r == 0 && status != 200)
        r = daemon_page_refuse((int)status, answer, err);
    if (r == 0)
        *ret = json_incref(answer);
    json_decref(answer);
    return r;
}

/* What is asked for PATH, page after page. */
struct pages {
    const struct arguments *arguments;
    const char *path;
    const char *body; /* "": POST */
    /* Takes a page. 0, or a negative errno with a message in ERR. */
    int (*take)(struct pages *pages, const json_t *page, struct tb_error *err);
    json_int_t count; /* of rows so far */
};

static int read_pages(struct pages *pages, const struct connection_options *way, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    json_int_t after = 0;
    int r;

    do {
        json_t *page = NULL;

        r = print_path(pages->arguments, pages->path, after, &path, err);
        if (r == 0)
            r = fetch(way, path.data, pages->body, &page, err);
        if (r == 0)
            r = pages->take(pages, page, err);
        after = r == 0 ? count_of(page, "next") : 0;
        json_decref(page);
    } while (r == 0 && after > 0 && fflush(stdout) == 0);
    return r;
}

/* ---- list, export ---- */

static int take_rows(struct pages *pages, const json_t *page, struct tb_error *err)
{
    const json_t *found, *rows = json_object_get(page, "rows");
    int r = status_find(&spool_page_part, page, &found, err);
    size_t i;

    if (r < 0)
        return r;
    if (pages->count == 0 && json_array_size(rows) > 0 && !pages->arguments->json)
        spool_print_head();
    pages->count += (json_int_t)json_array_size(rows);
    for (i = 0; pages->arguments->json && i < json_array_size(rows); i++)
        status_print_json_line(json_array_get(rows, i));
    if (!pages->arguments->json)
        spool_page_part.print(page);
    return 0;
}

static int list(struct pages *pages, const struct connection_options *way, struct tb_error *err)
{
    const struct arguments *arguments = pages->arguments;
    bool is_all = !arguments->only.state && !arguments->only.client && !arguments->only.entity;
    int r;

    pages->path = "/-/spool?rows=" ROWS;
    pages->take = take_rows;
    r = read_pages(pages, way, err);
    if (r == 0 && pages->count == 0 && !arguments->json)
        puts(is_all ? "the spool is empty" : "the spool has no such rows");
    return r;
}

static int take_lines(struct pages *pages, const json_t *page, struct tb_error *err)
{
    const json_t *rows = json_object_get(page, "rows");
    size_t i;

    if (!json_is_array(rows))
        return daemon_page_refuse(200, page, err);
    pages->count += (json_int_t)json_array_size(rows);
    for (i = 0; i < json_array_size(rows); i++)
        status_print_json_line(json_array_get(rows, i));
    return 0;
}

static int export(struct pages *pages, const struct connection_options *way, struct tb_error *err)
{
    pages->path = "/-/spool?bodies=true&rows=" ROWS;
    pages->take = take_lines;
    return read_pages(pages, way, err);
}

/* ---- show ---- */

static int show(struct pages *pages, const struct connection_options *way, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    const json_t *found;
    json_t *write = NULL;
    int r = buf_append_format(&path, "/-/spool/%s", pages->arguments->words[1]);

    if (r < 0)
        return FAIL(err, TB_ERROR_USAGE, r, "%s is not the number of a write", pages->arguments->words[1]);
    r = fetch(way, path.data, NULL, &write, err);
    if (r == 0)
        r = status_find(&spool_write_part, write, &found, err);
    if (r == 0 && pages->arguments->json)
        status_print_json(write);
    else if (r == 0)
        spool_write_part.print(write);
    json_decref(write);
    return r;
}

/* ---- retry, drop ---- */

static int take_count(struct pages *pages, const json_t *page, struct tb_error *err)
{
    const json_t *count =
        json_object_get(page, strcmp(pages->path, "/-/spool/drop") == 0 ? "dropped" : "retried");

    if (!json_is_integer(count) || json_integer_value(count) < 0)
        return daemon_page_refuse(200, page, err);
    pages->count += json_integer_value(count);
    return 0;
}

static void print_count(const struct pages *pages, const char *name, const char *done)
{
    if (pages->arguments->json)
        printf("{\"%s\": %" JSON_INTEGER_FORMAT "}\n", name, pages->count);
    else
        printf("%" JSON_INTEGER_FORMAT " row%s %s\n", pages->count, pages->count == 1 ? "" : "s", done);
}

static int change(struct pages *pages, const struct connection_options *way, struct tb_error *err)
{
    const struct arguments *arguments = pages->arguments;
    bool is_drop = strcmp(arguments->words[0], "drop") == 0;
    int r;

    pages->path = is_drop ? "/-/spool/drop" : "/-/spool/retry";
    pages->body = "";
    pages->take = take_count;
    r = read_pages(pages, way, err);
    if (r == 0 && pages->count == 0 && arguments->word_count > 1)
        return FAIL(err, TB_ERROR_NOT_FOUND, -ENOENT, "write %s has no row that %s", arguments->words[1],
                    is_drop ? "is in the spool" : "was set aside");
    if (r == 0 && is_drop)
        print_count(pages, "dropped", "dropped");
    else if (r == 0)
        print_count(pages, "retried", pages->count == 1 ? "waits again" : "wait again");
    return r;
}

/* ---- */

/* What a word may be followed by. */
enum { NUMBER = 1, ALL = 2, FILTER = 4, STATE = 8 };

static const struct action {
    const char *name;
    int (*run)(struct pages *pages, const struct connection_options *way, struct tb_error *err);
    unsigned takes;
} actions[] = {
    {"list", list, FILTER | STATE},     {"show", show, NUMBER},
    {"retry", change, NUMBER | ALL},    {"drop", change, NUMBER | ALL | STATE},
    {"export", export, FILTER | STATE},
};

static const struct action *find_action(const struct arguments *arguments)
{
    size_t i;

    for (i = 0; arguments->word_count > 0 && i < ARRAY_SIZE(actions); i++)
        if (strcmp(actions[i].name, arguments->words[0]) == 0)
            return &actions[i];
    return NULL;
}

static bool is_number(const char *word)
{
    return *word && !word[strspn(word, "0123456789")];
}

/* --all turns what takes a number into what takes a filter. */
static bool fits(unsigned takes, const struct arguments *arguments)
{
    bool has_number = arguments->word_count > 1;

    if (arguments->all && !(takes & ALL))
        return false;
    if (arguments->all)
        takes ^= NUMBER | FILTER;
    if (has_number != !!(takes & NUMBER) || (has_number && !is_number(arguments->words[1])))
        return false;
    if ((arguments->only.client || arguments->only.entity) && !(takes & FILTER))
        return false;
    return !arguments->only.state || (takes & STATE && !has_number);
}

static int run(const struct arguments *arguments)
{
    const struct action *action = find_action(arguments);
    struct pages pages = {.arguments = arguments};
    struct connection_options way = arguments->connection;
    struct tb_error err = TB_ERROR_INIT;
    int r;

    if (!action || !fits(action->takes, arguments))
        return say_usage("spool",
                         "expected list, export, show NUMBER, or retry or drop with NUMBER or --all");
    r = connection_to_admin(&arguments->connection, &way, &err);
    if (r == 0)
        r = action->run(&pages, &way, &err);
    return r < 0 ? daemon_page_report("spool", &way, &err) : finish(STATUS_GOOD);
}

static const char *const options[] = {"admin", "all", "client", "entity", "help", "json", "state", NULL};

const struct subcommand spool_subcommand = {
    .name = "spool",
    .summary = "show what the spool has, try it again, or drop it",
    .usage = "Usage: tbproxyctl spool list [--state STATE] [--client USER] [--entity ENTITY]\n"
             "       tbproxyctl spool show NUMBER\n"
             "       tbproxyctl spool retry NUMBER | --all [--client USER] [--entity ENTITY]\n"
             "       tbproxyctl spool drop NUMBER | --all [--state STATE] [--client USER]\n"
             "                             [--entity ENTITY]\n"
             "       tbproxyctl spool export [--state STATE] [--client USER] [--entity ENTITY]\n"
             "Shows the writes that tbproxyd keeps on its disk until the server has them; lets\n"
             "those that were set aside wait again, which the server refused, for example; or\n"
             "drops them. export prints all with their bodies, one JSON object per line.\n"
             "\n"
             "  --all                all that were set aside, or what the options select\n"
             "  --state STATE        only those that are in this state: waiting or aside\n"
             "  --client USER        only those of USER, a name or e.g. uid:1000\n"
             "  --entity ENTITY      only those of ENTITY: DEVICE:ID as in the list, or ID\n"
             "  --json               print JSON; list prints one object per line\n" ADMIN_USAGE "\n"
             "Exit status: 0 on success, 2 for a wrong command line, 3 if there is no such\n"
             "write or the spool is off, 4 if you may not do so, 6 if its file cannot be used,\n"
             "7 if tbproxyd is not reachable, 1 for any other failure.\n",
    .options = options,
    .max_words = 2,
    .run = run,
};
