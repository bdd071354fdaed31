/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tb_invoke() and the iterator share.
 */
#ifndef TB_CLIENT_INVOKE_H
#define TB_CLIENT_INVOKE_H

#include <tbclient/client.h>

struct answer;
struct call;

/* Decodes the body of a success, which is TB_ANSWER_JSON or TB_ANSWER_BYTES, to *RET as tb_invoke() does.
 * TB_ERROR_DECODE or TB_ERROR_SYSTEM. */
int invoke_decode(struct call *call, const struct answer *answer, void *ret, tb_error *err);

#endif
