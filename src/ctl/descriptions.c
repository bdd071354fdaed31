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

const char *description_of_operation(const char *id)
{
    return find(operation_descriptions, operation_description_count, id);
}

const char *description_of_parameter(const char *id, const char *name)
{
    char key[KEY_MAX_BYTES];
    const char *text;

    snprintf(key, sizeof(key), "%s.%s", id, name);
    text = find(parameter_descriptions, parameter_description_count, key);
    return text ? text : find(parameter_descriptions, parameter_description_count, name);
}
