/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the policy of a client allows its request.
 */
#ifndef TB_PROXY_LISTEN_PERMISSION_H
#define TB_PROXY_LISTEN_PERMISSION_H

#include "proxy/exchange/exchange.h"
#include "proxy/policy/question.h"

enum permission {
    PERMISSION_GRANTED,
    PERMISSION_REFUSED,     /* the exchange has got its response, 403 */
    PERMISSION_NEEDS_ANSWER /* granted or refused when the server has answered a question */
};

/* Judges a request that is about to be dispatched. */
enum permission permission_check(struct exchange *exchange);

/* After PERMISSION_NEEDS_ANSWER: sets RET to the target of the GET that asks. */
bool permission_question(const struct exchange *exchange, char ret[POLICY_QUESTION_BYTES]);

/* Grants or refuses, given the ANSWER; NULL if it is not JSON. */
enum permission permission_check_answer(struct exchange *exchange, const json_t *answer);

#endif
