/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of operations whose effect is not simulated: valid values of their type. */
#ifndef TB_SIM_GENERATED_ANSWERS_H
#define TB_SIM_GENERATED_ANSWERS_H

#include "sim/controller/controller_mapping.h"

/* The rows of operations that are not in controller_table.c: with and without authentication. */
extern const struct mapping generated_mapping, generated_open_mapping;

/* The generated answer of the operation of the request. */
void generated_answer(struct sim *sim, struct request *rq, struct reply *rp);

#endif
