/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/server_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "client/tables.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"

/* The character at TEXT, which '?' replaces if it controls the terminal. Returns its end. */
static const char *print_character(const char *text)
{
    size_t length = utf8_control_length(text);

    putchar(length == 0 ? *text : *text == '\t' ? ' ' : '?');
    return text + (length == 0 ? 1 : length);
}

/* The lines of TEXT, indented. */
static void print_text(const char *text, int indent)
{
    const char *start = text;
    bool begins = true;

    /* No character is cut. */
    while (*text && (text - start < SERVER_TEXT_MAX_BYTES || ((unsigned char)*text & 0xc0) == 0x80)) {
        if (*text == '\r' || *text == '\n') {
            if (*text == '\n')
                putchar('\n');
            begins |= *text++ == '\n';
            continue;
        }
        printf("%*s", begins ? indent : 0, "");
        begins = false;
        text = print_character(text);
    }
    fputs(*text ? "...\n" : begins ? "" : "\n", stdout);
}

/* The member of OBJECT, if it is a text that is not empty. */
static const char *find_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && *text ? text : NULL;
}

/* What DOCUMENT has about OPERATION; NULL: nothing. */
static const json_t *find(const json_t *document, const tb_api *api, const tb_operation *operation)
{
    const json_t *path =
        json_object_get(json_object_get(document, "paths"), table_text(api, operation->path));
    char method[16];
    char *c;

    snprintf(method, sizeof(method), "%s", tb_method_name((enum tb_method)operation->method));
    for (c = method; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return json_object_get(path, method);
}

static bool print_parameters(const json_t *found, const tb_api *api, const tb_operation *operation)
{
    const json_t *parameter;
    bool printed = false;
    size_t i;

    json_array_foreach(json_object_get(found, "parameters"), i, parameter)
    {
        const char *name = find_text(parameter, "name");
        const char *text = find_text(parameter, "description");
        char option[NAME_MAX_BYTES];

        /* Only names that are in the tables, too, are short and harmless. */
        if (!name || !text || !parameter_find(api, operation, name))
            continue;
        printf("  --%s\n", kebab_case(name, option));
        print_text(text, 6);
        printed = true;
    }
    return printed;
}

void server_text_print(const json_t *document, const tb_api *api, const tb_operation *operation)
{
    const json_t *found = find(document, api, operation);
    const char *summary = find_text(found, "summary");
    const char *description = find_text(found, "description");
    bool printed = summary || description;

    puts("\nThe server's own text:");
    if (summary)
        print_text(summary, 2);
    if (description)
        print_text(description, 2);
    printed |= print_parameters(found, api, operation);
    if (!printed)
        puts(found ? "  none" : "  none: the server does not know this operation");
}
