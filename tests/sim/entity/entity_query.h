/* SPDX-License-Identifier: Apache-2.0 */
/* Entity queries: the entities that filters select, and their values. */
#ifndef TB_SIM_ENTITY_QUERY_H
#define TB_SIM_ENTITY_QUERY_H

#include "sim/entity/entity_access.h"

/* entity_filter.c: the value of an entity under a key {"type":..,"key":..}: a new reference, or NULL. */
json_t *query_value(const struct entity *e, const json_t *key, int64_t now, int64_t *ret_ts);
/* key_filter_predicate.c: whether the predicate holds for a value. */
bool predicate_holds(const json_t *predicate, const json_t *value);
/* Whether a server can read the predicate. RET_WHY is set if it cannot. */
bool predicate_is_valid(const json_t *predicate, unsigned depth, const char **ret_why);

/* The page of the query in the body, as PageData: a new reference. NULL: the reply is a refusal. Uses only
 * the body, the user and the time of the request. */
json_t *query_page(struct sim *sim, struct request *rq, struct reply *rp);
/* entity_filter.c: the entities of the query that the user may see. False: the reply is a refusal. */
bool query_select(struct sim *sim, struct request *rq, struct reply *rp, struct selection *ret);

#endif
