/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request asks for, as policies see it. Whether it is in SET_SESSION or SET_ACCOUNT may depend on the
 * request (enum operation_condition). If that cannot be known, it is.
 */
#ifndef TB_PROXY_POLICY_SUBJECT_H
#define TB_PROXY_POLICY_SUBJECT_H

#include "proxy/policy/policy.h"
#include "upstream/own_user.h"

#define USER_ID_LENGTH 36

/* What is known beside the path. */
struct policy_facts {
    struct own_user own; /* the session's user */
    bool has_api_key;    /* tbproxyd authenticates with one */
    const char *body;    /* NULL: not known, because it streams or may be read in another way */
    size_t body_length;
};

/* The subject of METHOD at the canonical PATH, without any facts: in all sets that it may be in. OPERATION,
 * or NULL, is the operation there. An operation that is in no document reads or writes by its method; it is
 * in SET_SESSION, too, if an operation of another method at this path is. */
struct policy_subject policy_subject_of(const struct operation *operation, const char *method,
                                        const char *path, size_t length);

/* The sets that OPERATION at PATH is in, given FACTS. */
unsigned policy_sets(const struct operation *operation, const char *path, size_t length,
                     const struct policy_facts *facts);

/* The user in the path of OPERATION. False: there is none, or it is not the canonical text of an id. */
bool policy_user_in_path(const struct operation *operation, const char *path, size_t length,
                         char ret[USER_ID_LENGTH + 1]);

/* Whether USER has less authority than OWN; false if one of them is not known. */
bool policy_has_less(enum authority user, enum authority own);

/* When an operation with CONDITION is in SET_SESSION or SET_ACCOUNT, as the end of "unless ...". NULL:
 * always. */
const char *policy_condition_text(enum operation_condition condition);

#endif
