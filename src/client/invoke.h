/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an answer to what a typed function gives.
 */
#ifndef TB_CLIENT_INVOKE_H
#define TB_CLIENT_INVOKE_H

#include <tbclient/client.h>

#include "base/buf.h"

struct answer;
struct call;

/* The body of a success, of TB_ANSWER_JSON or TB_ANSWER_BYTES, to *RET, as tb_invoke() says. Errors are
 * TB_ERROR_DECODE and TB_ERROR_SYSTEM. */
int invoke_decode(const struct call *call, const struct answer *answer, void *ret, tb_error *err);

/* As tb_call(), but the answer is appended to RET as its text, in UTF-8. */
int invoke_text(tb_client *client, const tb_api *api, const char *operation, json_t *parameters, json_t *body,
                const tb_sink *sink, struct buf *ret, tb_error *err);

#endif
