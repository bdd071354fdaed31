/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/json_print.h"

#include <stdlib.h>
#include <string.h>

static void print_string(FILE *file, const json_t *value)
{
    const unsigned char *text = (const unsigned char *)json_string_value(value);
    size_t length = json_string_length(value);
    size_t i;

    putc('"', file);
    for (i = 0; i < length; i++) {
        /* U+0080 to U+009F control terminals as those below U+0020 do; in UTF-8 they begin with 0xc2. */
        bool c1 = text[i] == 0xc2 && i + 1 < length && text[i + 1] < 0xa0;

        if (text[i] == '"' || text[i] == '\\')
            fprintf(file, "\\%c", text[i]);
        else if (text[i] == '\n')
            fputs("\\n", file);
        else if (text[i] == '\t')
            fputs("\\t", file);
        else if (text[i] < 0x20 || text[i] == 0x7f)
            fprintf(file, "\\u%04x", text[i]);
        else if (c1)
            fprintf(file, "\\u%04x", text[++i]);
        else
            putc(text[i], file);
    }
    putc('"', file);
}

/* The fewest digits that give the same double again. */
static void print_real(FILE *file, double value)
{
    char text[40];
    int precision;

    for (precision = 15; precision < 17; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, value);
        if (!(strtod(text, NULL) < value) && !(strtod(text, NULL) > value))
            break;
    }
    snprintf(text, sizeof(text), "%.*g", precision, value);
    fputs(text, file);
    if (text[strcspn(text, ".eE")] == '\0')
        fputs(".0", file);
}

static void new_line(FILE *file, bool compact, unsigned level)
{
    if (!compact)
        fprintf(file, "\n%*s", (int)(2 * level), "");
}

static void print_object(FILE *file, const json_t *value, bool compact, unsigned level)
{
    void *member = json_object_iter((json_t *)value);
    bool first = true;

    putc('{', file);
    for (; member; member = json_object_iter_next((json_t *)value, member)) {
        json_t *key = json_string(json_object_iter_key(member));

        if (!first)
            putc(',', file);
        first = false;
        new_line(file, compact, level + 1);
        print_string(file, key);
        fputs(compact ? ":" : ": ", file);
        json_print(file, json_object_iter_value(member), compact, level + 1);
        json_decref(key);
    }
    if (!first)
        new_line(file, compact, level);
    putc('}', file);
}

static void print_array(FILE *file, const json_t *value, bool compact, unsigned level)
{
    size_t count = json_array_size(value);
    size_t i;

    putc('[', file);
    for (i = 0; i < count; i++) {
        if (i > 0)
            putc(',', file);
        new_line(file, compact, level + 1);
        json_print(file, json_array_get(value, i), compact, level + 1);
    }
    if (count > 0)
        new_line(file, compact, level);
    putc(']', file);
}

void json_print(FILE *file, const json_t *value, bool compact, unsigned level)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        print_object(file, value, compact, level);
        return;
    case JSON_ARRAY:
        print_array(file, value, compact, level);
        return;
    case JSON_STRING:
        print_string(file, value);
        return;
    case JSON_INTEGER:
        fprintf(file, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return;
    case JSON_REAL:
        print_real(file, json_real_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        fputs(json_is_true(value) ? "true" : "false", file);
        return;
    case JSON_NULL:
        fputs("null", file);
        return;
    }
}
