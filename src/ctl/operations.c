/* SPDX-License-Identifier: Apache-2.0 */
#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/daemon_page.h"
#include "ctl/descriptions.h"
#include "ctl/message.h"
#include "ctl/text.h"

struct row {
    const char *id, *method, *path, *tag;
};

/* What is printed besides. */
struct layout {
    bool sentences;
    unsigned server; /* the edition of tbproxyd's server, or EDITION_NONE */
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

/* Whether sentences fit into the terminal, after columns of these widths. */
static bool sentences_fit(const struct row *rows, size_t count, int width)
{
    int sentence = 0;
    size_t i;

    for (i = 0; i < count; i++)
        sentence = widest(sentence, description_of_operation(rows[i].id));
    return width + sentence <= (int)terminal_width();
}

/* The end of a row: a sentence, and "(not in CE)". */
static void print_note(const struct row *row, const struct layout *layout, const char *separator)
{
    if (layout->sentences) {
        printf("%s%s", separator, description_of_operation(row->id));
        separator = " ";
    }
    if (layout->server != EDITION_NONE && !tb_operation_find(editions[layout->server].api, row->id))
        printf("%s(not in %s)", separator, editions[layout->server].title);
    putchar('\n');
}

static void print_columns(const struct row *rows, size_t count, struct layout layout)
{
    int id = 0;
    int path = 0;
    int tag = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        id = widest(id, rows[i].id);
        path = widest(path, rows[i].path);
        tag = widest(tag, rows[i].tag);
    }
    layout.sentences |= sentences_fit(rows, count, id + path + tag + 14);
    for (i = 0; i < count; i++) {
        printf("%-*s  %-6s  %-*s  %-*s", id, rows[i].id, rows[i].method, path, rows[i].path,
               layout.sentences ? tag : 0, rows[i].tag);
        print_note(&rows[i], &layout, "  ");
    }
}

static void print_rows(const struct row *rows, size_t count, const struct layout *layout)
{
    size_t i;

    if (isatty(STDOUT_FILENO)) {
        print_columns(rows, count, *layout);
        return;
    }
    for (i = 0; i < count; i++) {
        printf("%s\t%s\t%s\t%s", rows[i].id, rows[i].method, rows[i].path, rows[i].tag);
        print_note(&rows[i], layout, "\t");
    }
}

static int list(unsigned edition, char **words, unsigned word_count, const struct layout *layout)
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
    print_rows(rows, count, layout);
    return finish(count > 0 ? STATUS_GOOD : STATUS_NOT_FOUND);
}

/* The mark is for those who look at all editions. */
static int run(const struct arguments *arguments)
{
    struct layout layout = {.sentences = arguments->long_lines, .server = EDITION_NONE};

    if (arguments->edition == EDITION_NONE)
        layout.server = daemon_edition(&arguments->connection);
    return list(arguments->edition, arguments->words, arguments->word_count, &layout);
}

static const char *const options[] = {"ca-file", "edition", "help", "long", "unix-socket", "url", NULL};

const struct subcommand operations_subcommand = {
    .name = "operations",
    .summary = "list the operations of the REST API",
    .usage = "Usage: tbproxyctl operations [OPTION]... [WORD]...\n"
             "Lists the operations that have every WORD in their id, path or tag. Prints id,\n"
             "method, path and tag: on a terminal in columns, otherwise separated by tabs. If\n"
             "tbproxyd runs, what its server's edition lacks is marked: \"(not in CE)\".\n"
             "\n"
             "  --edition EDITION      only ce, pe or paas (default: all editions)\n"
             "  --long                 print a sentence for each, as a wide terminal does\n"
             "  --url URL              URL of tbproxyd (default: $TBPROXY_URL, or\n"
             "                         " URL_DEFAULT ")\n"
             "  --unix-socket PATH     connect to tbproxyd's Unix socket instead\n"
             "  --ca-file FILE         trust the certificates in FILE instead of the system's\n"
             "\n"
             "Exit status: 0 on success, 2 for a wrong command line, 3 if no operation\n"
             "matched.\n",
    .options = options,
    .max_words = WORDS_ANY,
    .run = run,
};
