/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/schema_print.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "ctl/spelling.h"

#define LINE_WIDTH 100 /* of a list of values */

void print_values(const tb_api *api, const struct tb_enum *list, int indent)
{
    int column = printf("%*svalues:", indent, "");
    unsigned i;

    for (i = 0; i < list->value_count; i++) {
        const char *value = table_text(api, api->enum_values[list->first_value + i]);

        if (column + (int)strlen(value) + 2 > LINE_WIDTH)
            column = printf("\n%*s", indent + 7, "") - 1;
        column += printf(" %s%s", value, i + 1 < list->value_count ? "," : "");
    }
    putchar('\n');
}

static void print_word(const char **separator, const char *word)
{
    printf("%s%s", *separator, word);
    *separator = ", ";
}

void print_flags(unsigned flags, const char **separator)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {
        {TB_REQUIRED, "required"},
        {TB_READ_ONLY, "read-only"},
        {TB_WRITE_ONLY, "write-only"},
        {TB_DEPRECATED, "deprecated"},
        {TB_DISCRIMINATOR, "names the variant"},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(words); i++)
        if (flags & words[i].flag)
            print_word(separator, words[i].word);
}

void print_bounds(const tb_api *api, uint16_t type, uint16_t bounds, const char **separator)
{
    char words[96];

    if (*bounds_words(api, type, bounds, words, sizeof(words)))
        print_word(separator, words);
    if (api->bounds[bounds].unique)
        print_word(separator, "no duplicates");
    if (api->bounds[bounds].pattern) {
        print_word(separator, "pattern ");
        fputs(table_text(api, api->bounds[bounds].pattern), stdout);
    }
}

static void print_field(const tb_api *api, const struct tb_field *field, int width)
{
    const struct tb_type *element = element_type(api, field->type);
    char type[NAME_MAX_BYTES];
    const char *separator = "; ";

    printf("  %-*s  %s", width, table_text(api, field->name),
           type_words(api, field->type, type, sizeof(type)));
    print_flags(field->flags, &separator);
    print_bounds(api, field->type, field->bounds, &separator);
    putchar('\n');
    if (type_enum(api, element))
        print_values(api, type_enum(api, element), 6);
}

void print_fields(const tb_api *api, const struct tb_schema *schema)
{
    int width = 0;
    unsigned i;

    for (i = 0; i < schema->field_count; i++) {
        int length = (int)strlen(table_text(api, api->fields[schema->first_field + i].name));

        width = length > width ? length : width;
    }
    for (i = 0; i < schema->field_count; i++)
        print_field(api, &api->fields[schema->first_field + i], width);
}

void print_variants(const tb_api *api, const struct tb_schema *schema)
{
    unsigned i;

    if (schema->variant_count > 0)
        printf("  one of these, by %s:\n", table_text(api, schema->discriminator));
    for (i = 0; i < schema->variant_count; i++) {
        const struct tb_variant *variant = &api->variants[schema->first_variant + i];

        printf("    %s: %s\n", table_text(api, variant->value),
               table_text(api, api->schemas[variant->schema].name));
    }
}

void print_members(const tb_api *api, uint16_t type)
{
    const struct tb_type *row = &api->types[type];

    while (row->kind == TB_KIND_LIST || row->kind == TB_KIND_MAP)
        row = &api->types[row->of];
    if (row->kind == TB_KIND_OBJECT) {
        print_fields(api, &api->schemas[row->of]);
        print_variants(api, &api->schemas[row->of]);
    } else if (type_enum(api, row)) {
        print_values(api, type_enum(api, row), 2);
    }
}
