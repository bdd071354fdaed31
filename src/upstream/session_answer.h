/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer to a call of the session says of its credential. Only the server itself can refuse that:
 * whatever else answers in its place (a captive portal, a gateway without a backend) says nothing of it.
 */
#ifndef TB_UPSTREAM_SESSION_ANSWER_H
#define TB_UPSTREAM_SESSION_ANSWER_H

#include "upstream/session.h"

enum session_verdict {
    SESSION_VERDICT_NONE,    /* no word of the credential: ask again soon */
    SESSION_VERDICT_GOOD,    /* a token pair; to a check, the user */
    SESSION_VERDICT_REFUSED, /* 401, 403 as ThingsBoard words it, or a second factor is wanted */
};

/* Judges REPLY to a call of KIND. *RET is its JSON object where it is good, a new reference. REASON, of SIZE
 * bytes, says why where it is not; what the server wrote is in it as it came. */
enum session_verdict session_judge(enum session_call_kind kind, const struct session_reply *reply,
                                   const struct session_options *options, json_t **ret, char *reason,
                                   size_t size);

#endif
