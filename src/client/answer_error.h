/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tb_error for an answer that is not a success, does not fit its schema, or did not come.
 */
#ifndef TB_CLIENT_ANSWER_ERROR_H
#define TB_CLIENT_ANSWER_ERROR_H

#include <tbclient/error.h>

#include "client/answer.h"

/* Most of an answer's body that an error keeps. */
#define ANSWER_ERROR_BODY_MAX (1024 * 1024)

/* The kind of an HTTP status that is not a success. */
enum tb_error_kind answer_kind(int status);

/* Sets ERR for an answer that is not a success, or did not come; WHAT is the operation's id. Returns the
 * negative errno. */
int answer_error(const struct answer *answer, const char *what, tb_error *err);

/* Copies what a server says besides its status to ERR: its errorCode, and the body as it came. */
void answer_keep_refusal(const struct answer *answer, tb_error *err);

/* The answer does not fit its schema, and ERR already says why: adds WHAT and the body. Returns the negative
 * errno. */
int answer_does_not_fit(const struct answer *answer, const char *what, tb_error *err);

#endif
