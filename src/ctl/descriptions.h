/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operations and parameters are for, in English, and values for examples. The rows are generated from
 * gen/descriptions.json and contain no pointers: texts are offsets into description_texts.
 */
#ifndef TB_CTL_DESCRIPTIONS_H
#define TB_CTL_DESCRIPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct description {
    uint32_t
        name; /* "saveDevice"; or "pageSize", or "getAdminSettings.key" where a name means something else */
    uint32_t text;
};

/* Sorted by name (strcmp). */
extern const struct description operation_descriptions[], parameter_descriptions[], example_values[];
extern const size_t operation_descriptions_count, parameter_descriptions_count, example_values_count;
extern const char description_texts[];

/* The sentence for the operation ID: "Returns the device with this id."; NULL: unknown. */
const char *description_of_operation(const char *id);

/* The words for the parameter NAME of the operation ID: "elements per page"; NULL: unknown. */
const char *description_of_parameter(const char *id, const char *name);

/* The value for the parameter, part or "body" called NAME of the operation ID in an example. NULL: any value
 * will do; or, if it is not REQUIRED, none is needed. */
const char *example_value(const char *id, const char *name, bool required);

#endif
