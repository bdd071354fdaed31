/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Performs a call: the thread that makes it posts it to the client's thread, which sends it, and waits.
 */
#ifndef TB_CLIENT_PERFORM_H
#define TB_CLIENT_PERFORM_H

#include "client/answer.h"
#include "client/call.h"
#include "client/client_state.h"

/* Bytes of a download that wait for a sink. While they are that many, nothing more is read from the server.
 */
#define CALL_PIPE_MAX (256 * 1024)

/* Sends CALL and waits for its end; the body of a success goes to SINK, if there is one. TARGET, if it is not
 * NULL, replaces the call's own. *RET is the answer, or says why there is none; free it with answer_free().
 * TB_ERROR_SYSTEM if the sink or a file of the body fails. */
int call_send(struct call *call, tb_client *client, const char *target, const tb_sink *sink,
              struct answer *ret, tb_error *err);

/* The same, but what is not a success is an error. */
int call_perform(struct call *call, tb_client *client, const char *target, const tb_sink *sink,
                 struct answer *ret, tb_error *err);

/* In the client's thread: starts, resumes and cancels what other threads have posted. */
void perform_posted(tb_client *client);

#endif
