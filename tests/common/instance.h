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
    /* Other seeds, other values. A base at the root becomes its variant number SEED modulo their count. */
    unsigned seed;
    bool all_members;      /* otherwise only the required ones */
    int depth;             /* of structures, lists and maps; below it only required members */
    bool unknown_members;  /* two more members in every object of a schema */
    bool unknown_values;   /* values of enumerations that are in no table */
    bool unknown_variants; /* discriminators that are in no table, and members of such variants */
    bool nulls;            /* members that are not required are null */
    bool required_nulls;   /* required members are null, as servers send some of them */
};

/* A new reference. Within DEPTH and a few hundred members, the variants of a base take turns. */
json_t *instance_make(const struct tb_api *api, unsigned type, const struct instance_options *options);

#endif
