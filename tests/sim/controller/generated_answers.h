/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of operations that keep nothing: valid instances of their type. */
#pragma once

#include "sim/controller/controller_mapping.h"

/* The rows of operations without a row of their own in routes.c: for a user, and for anybody. */
extern const struct route generated_route, generated_open_route;

/* The generated answer of the request's operation. */
void generated_answer(struct sim *sim, struct request *rq, struct reply *rp);

/* Compares the JSON that a handler answers with its schema and counts what does not fit. */
void answer_check(struct sim *sim, const struct request *rq, const struct reply *rp);
