/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer to a call of the session says about its credential. Only the server itself can refuse that:
 * anything else that answers in its place (a captive portal, a gateway without a backend) says nothing.
 */
#ifndef TB_UPSTREAM_SESSION_ANSWER_H
#define TB_UPSTREAM_SESSION_ANSWER_H

#include <jansson.h>

#include "upstream/session_options.h"
#include "upstream/session_protocol.h"

enum session_answer {
    SESSION_ANSWER_UNRELATED, /* says nothing about the credential: ask again soon */
    SESSION_ANSWER_GOOD,      /* a token pair or, for a check, the user */
    SESSION_ANSWER_REFUSED,   /* 401, 403 as ThingsBoard words it, or a second factor is required */
};

/* Checks REPLY to a call of KIND. If it is good, *RET is its JSON object, a new reference. If not, REASON
 * (SIZE bytes) says why, with what the server wrote as it came: it may not be ASCII, and may repeat a secret.
 */
enum session_answer session_answer_check(enum session_call_kind kind, const struct session_reply *reply,
                                         const struct session_options *options, json_t **ret, char *reason,
                                         size_t size);

/* Whether BODY, which may be NULL, is an error in ThingsBoard's shape (ThingsboardErrorResponse). */
bool session_answer_is_error(const json_t *body);

#endif
