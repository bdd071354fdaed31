/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the server knows about a request: the authority of the user that it is about, or the type of an
 * entity group. One GET tells it.
 */
#ifndef TB_PROXY_POLICY_QUESTION_H
#define TB_PROXY_POLICY_QUESTION_H

#include "proxy/policy/subject.h"

#define POLICY_QUESTION_BYTES 64

/* Sets RET to the target of the GET whose answer can rule out that OPERATION at PATH is in SET_SESSION or
 * SET_ACCOUNT. False: no answer can. */
bool policy_question(const struct operation *operation, const char *path, size_t length,
                     const struct policy_facts *facts, char ret[POLICY_QUESTION_BYTES]);

/* Those of SET_SESSION and SET_ACCOUNT that ANSWER, or NULL, rules out. */
unsigned policy_ruled_out_by_answer(const struct operation *operation, const json_t *answer,
                                    const struct own_user *own);

#endif
