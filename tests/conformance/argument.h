/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments of a call of tb_invoke(), made from JSON by the tables: what a generated function passes on.
 */
#ifndef TB_TESTS_ARGUMENT_H
#define TB_TESTS_ARGUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include <tbclient/tbclient.h>

#define ARGUMENTS_MAX   32
#define PARAMS_MAX      8192 /* bytes of a structure of optional parameters; the largest has some 30 members */
#define CALL_BLOCKS_MAX 512

/* A call that is being prepared; begin with zeros but for API and OPERATION. */
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

/* Sets PARAMETER to VALUE, which stays alive with the call (a new reference is taken). */
int call_set_parameter(struct call *call, const struct tb_parameter *parameter, json_t *value, tb_error *err);

/* Sets the body to VALUE, in the same way. */
int call_set_body(struct call *call, json_t *value, tb_error *err);

void call_free(struct call *call);

#endif
