/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operations and parameters are for, in English. The rows are generated from gen/descriptions.json and
 * contain no pointers: texts are offsets into description_texts.
 */
#ifndef TB_CTL_DESCRIPTIONS_H
#define TB_CTL_DESCRIPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct description {
    uint32_t
        name; /* "saveDevice"; or "pageSize", or "getAdminSettings.key" where a name means something else */
    uint32_t text;
};

/* Sorted by name (strcmp). */
extern const struct description operation_descriptions[], parameter_descriptions[];
extern const size_t operation_description_count, parameter_description_count;
extern const char description_texts[];

/* The sentence for the operation ID: "Returns the device with this id."; NULL: unknown. */
const char *description_of_operation(const char *id);

/* The words for the parameter NAME of the operation ID: "elements per page"; NULL: unknown. */
const char *description_of_parameter(const char *id, const char *name);

#endif
