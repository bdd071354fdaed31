/* SPDX-License-Identifier: Apache-2.0 */
/* What devices, assets, customers and others have in common: lookup, permission, saving, listing. */
#ifndef TB_SIM_ENTITY_ACCESS_H
#define TB_SIM_ENTITY_ACCESS_H

#include "sim/entity/page_link.h"
#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* A kind of entity that a POST creates and updates. */
struct entity_kind {
    enum entity_type type;
    const char *label;      /* "Device", in messages */
    const char *name_field; /* "name" or "title" */
    /* The new document: a new reference. NULL: the reply is a refusal. E is NULL for a new entity. */
    json_t *(*build)(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                     const char *name);
};

/* "Device", "Asset", ... */
const char *entity_label(enum entity_type type);

/* RET is the id in lower case. False: TEXT is not a UUID, and the reply is a refusal. */
bool entity_parse_id(struct reply *rp, const char *text, char ret[UUID_LEN + 1]);
/* The entity of a path variable. NULL: the reply is a refusal. */
struct entity *entity_var(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                          size_t var);
/* Whether the user of the request may see the entity: a customer user sees only what is the customer's. */
bool entity_may_see(const struct request *rq, const struct entity *e);

/* A member that Jackson reads as a string, freed with free(); NULL if it is absent. False: the reply is a
 * refusal. */
bool entity_text_field(const struct request *rq, struct reply *rp, const char *name, char **ret);
/* A copy of the member, or of null if it is absent. */
json_t *entity_any_field(const struct request *rq, const char *name);
/* The id in a member that is an entity id, or OTHERWISE. */
const char *entity_id_field(const json_t *object, const char *name, const char *otherwise);

/* Creates or updates the entity of the body. NULL: the reply is a refusal. */
struct entity *entity_save(struct sim *sim, struct request *rq, struct reply *rp,
                           const struct entity_kind *kind, bool *ret_created);
/* Removes the entity with its alarms, data and relations. */
void entity_delete(struct sim *sim, struct entity *e);
/* Sets a member of the document and increments its version. Takes VALUE over. */
void entity_change(struct entity *e, const char *member, json_t *value);

/* Replies with the JSON of the entity in the first path variable. */
void entity_get(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                render_entity *render);
/* A page of the entities of a type that have the text of the page link and, if given, the type and customer.
 */
void entity_list(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                 const char *customer_id, render_entity *render);
/* The entities whose ids are in a comma-separated parameter, in its order. */
void entity_list_ids(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                     const char *param);
/* The distinct types, as EntitySubtype. */
void entity_list_types(struct sim *sim, struct reply *rp, enum entity_type type);
/* The entity whose name is in a parameter. */
void entity_by_name(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                    const char *param);
/* POST /api/customer/{customerId}/device/{deviceId} and the like; and DELETE. */
void entity_assign(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type);
void entity_unassign(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type);

render_entity entity_render_doc;
/* The customerTitle and customerIsPublic of an ...Info document. */
void entity_add_customer_info(const struct store *store, json_t *info);

#endif
