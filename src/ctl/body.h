/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of "call", and the body of the request: JSON, text, or parts.
 */
#ifndef TB_CTL_BODY_H
#define TB_CTL_BODY_H

#include <jansson.h>

#include "ctl/arguments.h"
#include "ctl/output.h"

/* All of one call. */
struct call {
    struct arguments arguments;
    unsigned edition;
    const tb_api *api;
    const tb_operation *operation;
    json_t *parameters;
    json_t *body;
    tb_client *client;
    struct output output;
};

/* The body from --body, or the parts from --part, where they are given: call->body. -EINVAL with a message.
 */
int add_body(struct call *call, struct tb_error *err);
int add_parts(struct call *call, struct tb_error *err);

#endif
