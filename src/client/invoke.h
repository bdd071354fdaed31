/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tb_invoke(), tb_call(), the iterator and tbproxyctl share.
 */
#ifndef TB_CLIENT_INVOKE_H
#define TB_CLIENT_INVOKE_H

#include <tbclient/client.h>

#include "base/buf.h"

struct answer;
struct call;

/* Decodes the body of a success, which is TB_ANSWER_JSON or TB_ANSWER_BYTES, to *RET as tb_invoke() does.
 * TB_ERROR_DECODE or TB_ERROR_SYSTEM. */
int invoke_decode(struct call *call, const struct answer *answer, void *ret, tb_error *err);

/* Like tb_call(), but appends the text of the answer to RET, in UTF-8. */
int invoke_text(tb_client *client, const tb_api *api, const char *operation, json_t *parameters, json_t *body,
                const tb_sink *sink, struct buf *ret, tb_error *err);

#endif
