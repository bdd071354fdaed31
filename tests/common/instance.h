/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values made from the tables of an API: valid requests for any type, and values that a newer server
 * might send. The same options make the same value.
 */
#ifndef TB_TESTS_INSTANCE_H
#define TB_TESTS_INSTANCE_H

#include <jansson.h>
#include <stdbool.h>

#include <tbclient/table.h>

#define INSTANCE_UNKNOWN_MEMBER  "unknownMember"
#define INSTANCE_UNKNOWN_VALUE   "UNKNOWN_VALUE"
#define INSTANCE_UNKNOWN_VARIANT "UNKNOWN_VARIANT"

struct instance_options {
    unsigned seed; /* another value; a base at the root becomes its variant number SEED, modulo their count */
    bool all_members;     /* else only those that are required */
    int depth;            /* of structures, lists and maps; below it only what is required */
    bool unknown_members; /* two more members in every object of a schema */
    bool unknown_values;  /* enumerations have values that no table knows */
    bool
        unknown_variants; /* so do the discriminators of bases, which then have members that no table knows */
    bool nulls;           /* members that are not required are null */
};

/* A new reference. Within DEPTH and a few hundred members, each base is another of its variants in turn. */
json_t *instance_make(const struct tb_api *api, unsigned type, const struct instance_options *options);

#endif
