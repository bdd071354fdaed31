/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request asks for, as policies see it. Whether it is in SET_SESSION or SET_ACCOUNT may depend on the
 * request (enum operation_condition). If that cannot be known, it is.
 */
#ifndef TB_PROXY_POLICY_SUBJECT_H
#define TB_PROXY_POLICY_SUBJECT_H

#include "proxy/policy/policy.h"
#include "proxy/route/route.h"
#include "upstream/own_user.h"

#define POLICY_ID_LENGTH 36 /* of an entity, as text */

#define POLICY_BODY_MAX_BYTES (256 * 1024) /* what a larger body holds is not known */

/* What is known beside the path. */
struct policy_facts {
    struct own_user own; /* the session's user */
    bool has_api_key;    /* tbproxyd authenticates with one */
    const char *body;    /* NULL: not known, because it streams or may be read in another way */
    size_t body_length;
};

/* The subject of METHOD at the canonical PATH, to which KIND belongs, without any facts: in all sets that it
 * may be in. OPERATION, or NULL, is the operation there. An operation that is in no document reads or writes
 * by its method; it is in SET_SESSION, too, if an operation of another method at this path is, and a write is
 * in SET_ACCOUNT likewise. False: no policy is asked, because tbproxyd answers itself. */
bool policy_subject_of(enum route_kind kind, const struct operation *operation, const char *method,
                       const char *path, size_t length, struct policy_subject *ret);

/* The sets that OPERATION at PATH is in, given FACTS. */
unsigned policy_sets(const struct operation *operation, const char *path, size_t length,
                     const struct policy_facts *facts);

/* Whether USER has less authority than OWN; false if one of them is not known. */
bool policy_has_less(enum authority user, enum authority own);

/* When an operation with CONDITION is not in SET_SESSION and SET_ACCOUNT, as the end of "allowed if ...".
 * NULL: never. */
const char *policy_condition_text(enum operation_condition condition);

#endif
