/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of a program: made ready in the thread that makes it, carried out in the client's.
 */
#ifndef TB_CLIENT_CALL_H
#define TB_CLIENT_CALL_H

#include "client/answer.h"
#include "client/client.h"
#include "client/parts.h"

/* Bytes of a download that wait for a sink; the server waits where it is slower. */
#define CALL_PIPE_MAX (256 * 1024)

/* What is sent. */
struct call {
    const tb_api *api;
    const tb_operation *operation;
    struct buf target;
    struct headers headers;
    struct buf body;
    bool has_body;
    struct parts parts;
};

/* Made ready by prepare.c; freed also after an error there. */
void call_init(struct call *call, const tb_api *api, const tb_operation *operation);
void call_free(struct call *call);

/* The operation's id, for messages. */
const char *call_name(const struct call *call);

/* Sends it and waits for what comes of it, with SINK (NULL: none) for the body of a success. TARGET may
 * replace the call's own. 0: *RET, to be freed with answer_free(), is a success. Else ERR says what happened.
 */
int call_run(struct call *call, tb_client *client, const char *target, const tb_sink *sink,
             struct answer *ret, tb_error *err);

/* In the client's thread: does what was posted. */
void call_serve(tb_client *client);

#endif
