/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments of tb_invoke(), made from JSON and the tables, as a generated function passes them.
 */
#ifndef TB_TESTS_ARGUMENT_H
#define TB_TESTS_ARGUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include <tbclient/tbclient.h>

#define ARGUMENTS_MAX   32
#define PARAMS_MAX      8192 /* bytes of a structure of optional parameters; the largest has some 30 members */
#define CALL_BLOCKS_MAX 512

/* A call in preparation. Initially, everything is zero except API and OPERATION. */
struct call {
    const tb_api *api;
    const tb_operation *operation;
    const void *arguments[ARGUMENTS_MAX];
    char params[PARAMS_MAX];
    void *blocks[CALL_BLOCKS_MAX]; /* to be freed with free() */
    size_t block_count;
    json_t *values; /* the JSON that arguments point into */
    void *body;     /* to be freed with tb_free() */
};

/* Sets PARAMETER to VALUE, to which the call keeps a reference. */
int call_set_parameter(struct call *call, const struct tb_parameter *parameter, json_t *value, tb_error *err);

/* Sets the body to VALUE, to which the call keeps a reference. */
int call_set_body(struct call *call, json_t *value, tb_error *err);

void call_free(struct call *call);

#endif
