/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/descriptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX_BYTES 256 /* "operation.parameter"; longer ones are not in the table */

static int compare(const void *key, const void *row)
{
    const struct description *description = row;

    return strcmp(key, description_texts + description->name);
}

static const char *find(const struct description *rows, size_t count, const char *name)
{
    const struct description *found = bsearch(name, rows, count, sizeof(*rows), compare);

    return found ? description_texts + found->text : NULL;
}

/* The row of "ID.NAME". */
static const char *find_own(const struct description *rows, size_t count, const char *id, const char *name)
{
    char key[KEY_MAX_BYTES];

    snprintf(key, sizeof(key), "%s.%s", id, name);
    return find(rows, count, key);
}

const char *description_of_operation(const char *id)
{
    return find(operation_descriptions, operation_descriptions_count, id);
}

const char *description_of_parameter(const char *id, const char *name)
{
    const char *own = find_own(parameter_descriptions, parameter_descriptions_count, id, name);

    return own ? own : find(parameter_descriptions, parameter_descriptions_count, name);
}

const char *example_value(const char *id, const char *name, bool required)
{
    const char *own = find_own(example_values, example_values_count, id, name);

    return own || !required ? own : find(example_values, example_values_count, name);
}
