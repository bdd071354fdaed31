/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tb_invoke() that records and compares its arguments, for the programs that typed.py writes. Each includes
 * this once, after defining EDITION. The executable's tb_invoke() replaces the library's.
 */
#ifndef TB_TESTS_TYPED_H
#define TB_TESTS_TYPED_H

#include <stdio.h>
#include <stdlib.h>

#define ARGUMENTS_MAX 32

/* Pointers that are compared but never dereferenced. */
static char places[ARGUMENTS_MAX];

static const char *operation_id; /* of the current call */
static struct {
    bool set;
    unsigned kind; /* TB_KIND_NONE for a pointer */
    const void *pointer;
    double number;
} wanted[ARGUMENTS_MAX];
static const void *expect_params, *expect_ret;
static tb_client *const client = (tb_client *)(void *)places;
static tb_error err = TB_ERROR_INIT;
static const char *problem;
static unsigned calls, number, failures;
static int returned;

static void *sentinel(int position)
{
    return &places[position];
}

static inline void expect_pointer(int slot, const void *pointer)
{
    wanted[slot].set = true;
    wanted[slot].pointer = pointer;
}

static inline void expect_plain(int slot, unsigned kind, double value)
{
    wanted[slot].set = true;
    wanted[slot].kind = kind;
    wanted[slot].number = value;
}

static void begin(const char *id)
{
    memset(wanted, 0, sizeof(wanted));
    expect_params = expect_ret = NULL;
    operation_id = id;
    problem = NULL;
    calls = 0;
}

static double plain_value(unsigned kind, const void *argument)
{
    switch (kind) {
    case TB_KIND_BOOL:
        return *(const bool *)argument;
    case TB_KIND_INT32:
        return *(const int32_t *)argument;
    case TB_KIND_INT64:
        return (double)*(const int64_t *)argument;
    default:
        return *(const double *)argument;
    }
}

/* The parameter in SLOT must have the same type in the table as in the function. */
static unsigned table_kind(const tb_api *api, const tb_operation *operation, unsigned slot)
{
    unsigned i;

    for (i = 0; i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &api->parameters[operation->first_parameter + i];

        if ((parameter->flags & TB_REQUIRED) && parameter->slot == slot)
            return api->types[parameter->type].kind;
    }
    return operation->body != TB_BODY_NONE && operation->body_slot == slot ? TB_KIND_JSON : TB_KIND_NONE;
}

static void compare(const tb_api *api, const tb_operation *operation, const void *const *arguments)
{
    unsigned i;

    for (i = 0; i < operation->argument_count; i++) {
        unsigned kind = table_kind(api, operation, i);

        if (!wanted[i].set || kind == TB_KIND_NONE)
            problem = "the table has more arguments than the function";
        else if (wanted[i].kind == TB_KIND_NONE && arguments[i] != wanted[i].pointer)
            problem = "another argument arrived";
        else if (wanted[i].kind != TB_KIND_NONE && wanted[i].kind != kind)
            problem = "the table has another type";
        else if (wanted[i].kind != TB_KIND_NONE && plain_value(kind, arguments[i]) != wanted[i].number)
            problem = "another number arrived";
    }
    if (i < ARGUMENTS_MAX && wanted[i].set)
        problem = "the function has more arguments than the table";
}

int tb_invoke(tb_client *given, const tb_api *api, unsigned index, const void *const *arguments,
              const void *params, void *ret, tb_error *error)
{
    calls++;
    if (api != &EDITION || index >= api->operation_count)
        problem = "another table";
    else if (!tb_is(api->strings + api->operations[index].id, operation_id))
        problem = "another operation";
    else if (given != client || params != expect_params || ret != expect_ret || error != &err)
        problem = "another client, params, ret or err";
    else
        compare(api, &api->operations[index], arguments);
    return -4711; /* which the function must return */
}

static void finish(const char *name, bool names_fit)
{
    if (!problem && !names_fit)
        problem = "the arguments have other names than the parameters in the document";
    if (!problem && calls != 1)
        problem = "tb_invoke() was not called once";
    if (!problem && returned != -4711)
        problem = "the result was not handed on";
    failures += problem != NULL;
    printf("%sok %u - %s\n", problem ? "not " : "", ++number, name);
    if (problem)
        printf("# %s\n", problem);
}

static int finish_all(void)
{
    bool complete = number == EDITION.operation_count;

    printf("%sok %u - %u of %u operations have a function\n", complete ? "" : "not ", number + 1, number,
           (unsigned)EDITION.operation_count);
    printf("1..%u\n", number + 1);
    return failures == 0 && complete ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
