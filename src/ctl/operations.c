/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/message.h"

struct row {
    const char *id, *method, *path, *tag;
};

/* By id; an operation with different paths in different editions has a row for each. */
static int compare(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    int order = strcmp(a->id, b->id);

    if (order == 0)
        order = strcmp(a->path, b->path);
    return order ? order : strcmp(a->method, b->method);
}

static bool matches(const struct row *row, char **words, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        if (!strcasestr(row->id, words[i]) && !strcasestr(row->path, words[i]) &&
            !strcasestr(row->tag, words[i]))
            return false;
    return true;
}

/* Appends the operations of one edition that match; returns the new count. */
static size_t collect(const tb_api *api, char **words, unsigned count, struct row *rows, size_t used)
{
    unsigned i;

    for (i = 0; i < api->operation_count; i++) {
        const tb_operation *operation = &api->operations[i];
        struct row row = {table_text(api, operation->id), tb_method_name((enum tb_method)operation->method),
                          table_text(api, operation->path), table_text(api, operation->tag)};

        if (matches(&row, words, count))
            rows[used++] = row;
    }
    return used;
}

static size_t without_doubles(struct row *rows, size_t count)
{
    size_t used = 0;
    size_t i;

    for (i = 0; i < count; i++)
        if (used == 0 || compare(&rows[used - 1], &rows[i]) != 0)
            rows[used++] = rows[i];
    return used;
}

static int widest(int width, const char *text)
{
    int length = (int)strlen(text);

    return length > width ? length : width;
}

static void print_rows(const struct row *rows, size_t count)
{
    bool aligned = isatty(STDOUT_FILENO);
    int id = 0;
    int path = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        id = widest(id, rows[i].id);
        path = widest(path, rows[i].path);
    }
    for (i = 0; i < count; i++)
        if (aligned)
            printf("%-*s  %-6s  %-*s  %s\n", id, rows[i].id, rows[i].method, path, rows[i].path, rows[i].tag);
        else
            printf("%s\t%s\t%s\t%s\n", rows[i].id, rows[i].method, rows[i].path, rows[i].tag);
}

static int list(unsigned edition, char **words, unsigned word_count)
{
    CLEANUP(free_pointer) struct row *rows = NULL;
    size_t count = 0;
    unsigned i;

    for (i = 0; i < EDITION_COUNT; i++)
        count += editions[i].api->operation_count;
    rows = calloc(count, sizeof(*rows));
    if (!rows) {
        say("out of memory");
        return STATUS_FAILED;
    }
    for (count = 0, i = 0; i < EDITION_COUNT; i++)
        if (edition == EDITION_NONE || edition == i)
            count = collect(editions[i].api, words, word_count, rows, count);
    qsort(rows, count, sizeof(*rows), compare);
    count = without_doubles(rows, count);
    print_rows(rows, count);
    return finish(count > 0 ? STATUS_GOOD : STATUS_NOT_FOUND);
}

static int run(const struct arguments *arguments)
{
    return list(arguments->edition, arguments->words, arguments->word_count);
}

static const char *const options[] = {"edition", "help", NULL};

const struct subcommand operations_subcommand = {
    .name = "operations",
    .summary = "list the operations of the REST API",
    .usage = "Usage: tbproxyctl operations [--edition EDITION] [WORD]...\n"
             "Lists the operations that have every WORD in their id, path or tag. Prints id, method, path\n"
             "and tag: on a terminal in columns, otherwise separated by tabs. EDITION is ce, pe or paas\n"
             "(default: all editions).\n"
             "\n"
             "Exit status: 0 on success, 2 for a wrong command line, 3 if no operation matched.\n",
    .options = options,
    .max_words = WORDS_ANY,
    .run = run,
};
