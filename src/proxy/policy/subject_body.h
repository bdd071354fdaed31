/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the body of a request says about the sets that it is in. Used within this room.
 */
#ifndef TB_PROXY_POLICY_SUBJECT_BODY_H
#define TB_PROXY_POLICY_SUBJECT_BODY_H

#include "proxy/policy/subject.h"

/* Those of SET_SESSION and SET_ACCOUNT that OPERATION is not in with the body of FACTS. A body that can be
 * read in two ways rules out nothing. */
unsigned policy_ruled_out_by_body(const struct operation *operation, const struct policy_facts *facts);

/* The user that exists already and is saved by the body of FACTS. False: the body is another thing, may be
 * the own user, or would have no less authority than the own one. */
bool policy_user_in_body(const struct policy_facts *facts, char ret[POLICY_ID_LENGTH + 1]);

#endif
