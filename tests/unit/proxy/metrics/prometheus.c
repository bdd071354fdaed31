/* SPDX-License-Identifier: Apache-2.0 */
#include "prometheus.h"

#include <regex.h>
#include <stdio.h>

#include "base/util.h"
#include "unit.h"

#define SERIES_SIZE 256

/* A sample line of a page, split into its parts. */
struct sample {
    char name[SERIES_SIZE];
    char labels[SERIES_SIZE]; /* "a=\"b\",c=\"d\"", without le */
    char le[16];              /* "": none */
    double value;
};

/* What the parser has seen so far. */
struct reader {
    regex_t line; /* what a sample looks like */
    char family[SERIES_SIZE], type[16];
    struct sample last; /* of the family */
    double infinity;    /* the value of the bucket +Inf */
    char **seen;        /* TYPE lines, and samples' names with all their labels */
    size_t count;
};

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static struct sample parse_sample(struct reader *reader, const char *line)
{
    struct sample sample = {0};
    int name = (int)strcspn(line, "{ ");
    const char *end = strrchr(line, ' '), *le = strstr(line, "le=\"");
    const char *labels_end = le ? le - 1 : end - 1;

    ck_assert_msg(regexec(&reader->line, line, 0, NULL, 0) == 0, "%s", line);
    snprintf(sample.name, sizeof(sample.name), "%.*s", name, line);
    if (line[name] == '{' && labels_end > line + name)
        snprintf(sample.labels, sizeof(sample.labels), "%.*s", (int)(labels_end - line) - name - 1,
                 line + name + 1);
    if (le)
        snprintf(sample.le, sizeof(sample.le), "%.*s", (int)(end - le) - 6, le + 4);
    sample.value = strtod(end + 1, NULL);
    return sample;
}

static void see(struct reader *reader, const char *text, size_t length)
{
    reader->seen = reallocarray(reader->seen, reader->count + 1, sizeof(*reader->seen));
    ck_assert_ptr_nonnull(reader->seen);
    reader->seen[reader->count++] = strndup(text, length);
}

/* A family's two comments; its samples follow them. Returns the second. */
static const char *read_comments(struct reader *reader, const char *line)
{
    const char *next = line + strlen(line) + 1;
    char name[SERIES_SIZE];
    int text = 0;

    ck_assert_msg(sscanf(line, "# HELP %255s %n", reader->family, &text) == 1 && text > 0, "%s", line);
    ck_assert_msg(!strchr(line, '\\') && ends_with(line, "."), "%s", line);
    ck_assert_msg(sscanf(next, "# TYPE %255s %15s", name, reader->type) == 2, "%s", next);
    ck_assert_str_eq(name, reader->family);
    if (strcmp(reader->type, "counter") == 0)
        ck_assert_msg(ends_with(name, "_total"), "%s", name);
    else
        ck_assert_msg(strcmp(reader->type, "gauge") == 0 || strcmp(reader->type, "histogram") == 0, "%s",
                      next);
    see(reader, next, strlen(next));
    reader->last = (struct sample){0};
    return next;
}

/* Buckets in order, none less than the one below, then sum and count; all with the same labels. */
static void read_histogram(struct reader *reader, const struct sample *sample)
{
    const struct sample *last = &reader->last;
    const char *part = sample->name + strlen(reader->family);
    bool first = !*last->name || ends_with(last->name, "_count");

    ck_assert_msg(first || strcmp(sample->labels, last->labels) == 0, "%s", sample->labels);
    if (strcmp(part, "_bucket") == 0) {
        ck_assert_msg(first ||
                          (strtod(sample->le, NULL) > strtod(last->le, NULL) && sample->value >= last->value),
                      "%s: %s after %s", sample->labels, sample->le, last->le);
        reader->infinity = sample->value;
    } else if (strcmp(part, "_sum") == 0) {
        ck_assert_str_eq(last->le, "+Inf");
    } else {
        ck_assert_str_eq(part, "_count");
        ck_assert_msg(ends_with(last->name, "_sum"), "%s", last->name);
        ck_assert_double_eq(sample->value, reader->infinity);
    }
}

static void read_sample(struct reader *reader, const char *line)
{
    struct sample sample = parse_sample(reader, line);

    see(reader, line, (size_t)(strrchr(line, ' ') - line));
    ck_assert_msg(strncmp(sample.name, reader->family, strlen(reader->family)) == 0, "%s", line);
    if (strcmp(reader->type, "histogram") == 0)
        read_histogram(reader, &sample);
    else
        ck_assert_str_eq(sample.name, reader->family);
    reader->last = sample;
}

static void read_page(struct reader *reader, const char *page, size_t length)
{
    CLEANUP(free_pointer) char *text = strndup(page, length);
    const char *line;
    char *end;

    ck_assert_uint_eq(strlen(text), length);
    ck_assert_int_eq(text[length - 1], '\n');
    for (end = text; (end = strchr(end, '\n')); end++)
        *end = '\0';
    for (line = text; line < text + length; line += strlen(line) + 1)
        if (*line == '#')
            line = read_comments(reader, line);
        else
            read_sample(reader, line);
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void assert_prometheus(const char *page, size_t length)
{
    static const char sample[] = "^(tbproxyd|process)_[a-z_]+"
                                 "(\\{[a-z]+=\"([^\"\\\n]|\\\\.)*\"(,[a-z]+=\"[^\"\\\n]*\")*\\})?"
                                 " [0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?$";
    struct reader reader = {0};
    size_t i;

    ck_assert_int_eq(regcomp(&reader.line, sample, REG_EXTENDED | REG_NOSUB), 0);
    read_page(&reader, page, length);
    qsort(reader.seen, reader.count, sizeof(*reader.seen), compare);
    for (i = 1; i < reader.count; i++)
        ck_assert_str_ne(reader.seen[i - 1], reader.seen[i]);
    for (i = 0; i < reader.count; i++)
        free(reader.seen[i]);
    free(reader.seen);
    regfree(&reader.line);
}
