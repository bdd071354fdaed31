/* SPDX-License-Identifier: Apache-2.0 */
/* Entity queries: which entities, which values, which predicates hold. */
#pragma once

#include "sim/entity/entity_access.h"

/* A value of an entity under a key {"type":..,"key":..}; NULL if there is none. The value is the caller's. */
json_t *query_value(const struct entity *e, const json_t *key, int64_t now, int64_t *ret_ts);
/* Whether one predicate holds for a value. */
bool predicate_holds(const json_t *predicate, const json_t *value);
/* Whether the predicate is one that the server could read; false leaves the reason. */
bool predicate_is_valid(const json_t *predicate, unsigned depth, const char **ret_why);

/* The page of a query, as PageData; NULL: a refusal is filled in. Of RQ only the body, the user and the time
 * are looked at. */
json_t *query_page(struct sim *sim, struct request *rq, struct reply *rp);
/* The entities of a query, filtered and seen by the user; false: a refusal is filled in. */
bool query_select(struct sim *sim, struct request *rq, struct reply *rp, struct selection *ret);
