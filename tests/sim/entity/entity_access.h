/* SPDX-License-Identifier: Apache-2.0 */
/* What devices, assets and customers have in common: lookup, permission, saving, listing. */
#pragma once

#include "sim/entity/page_link.h"
#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

/* A kind of entity that POST creates and updates. */
struct kind {
    enum entity_type type;
    const char *label;      /* "Device", in messages */
    const char *name_field; /* "name" or "title" */
    /* The new document; takes nothing over. NULL: the refusal is filled in. */
    json_t *(*build)(struct sim *sim, struct request *rq, struct reply *rp, const struct entity *e,
                     const char *name);
};

/* "Device", "Asset", ... */
const char *entity_label(enum entity_type type);

/* False: 400, the text is no UUID; ret is the lower-case form. */
bool entity_parse_id(struct reply *rp, const char *text, char ret[UUID_LEN + 1]);
/* The entity that a path variable names; NULL: 400, 404 or 403 is filled in. */
struct entity *entity_var(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                          size_t var);
/* Whether the user may see the entity: a customer user only what is the customer's. */
bool entity_may_see(const struct request *rq, const struct entity *e);

/* A member that Jackson reads as a string; false: 500 is filled in. NULL where absent. The value is the
 * caller's. */
bool entity_text_field(const struct request *rq, struct reply *rp, const char *name, char **ret);
/* The member as it is, JSON null if absent. */
json_t *entity_any_field(const struct request *rq, const char *name);
/* id of an entity id member, otherwise what is given. */
const char *entity_id_field(const json_t *object, const char *name, const char *otherwise);

/* Creates or updates; NULL: the refusal is filled in. *ret_created tells which. */
struct entity *entity_save(struct sim *sim, struct request *rq, struct reply *rp, const struct kind *kind,
                           bool *ret_created);
/* Takes the entity out, with its alarms, data and relations. */
void entity_delete(struct sim *sim, struct entity *e);
/* Changes a member of the document and its version. */
void entity_change(struct entity *e, const char *member, json_t *value);

/* All of a type that pass the page link's text and, where given, type= and customer. */
void entity_list(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                 const char *customer_id, render_entity *render);
/* The entities of a comma-separated parameter, in its order. */
void entity_list_ids(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                     const char *param);
/* The distinct types, as EntitySubtype. */
void entity_list_types(struct sim *sim, struct reply *rp, enum entity_type type);
/* The entity by a name parameter. */
void entity_by_name(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type,
                    const char *param);
/* POST /api/customer/{customerId}/device/{deviceId} and the like; DELETE takes it back. */
void entity_assign(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type);
void entity_unassign(struct sim *sim, struct request *rq, struct reply *rp, enum entity_type type);

render_entity entity_render_doc;
/* The customerTitle and customerIsPublic of an ...Info document. */
void entity_add_customer_info(const struct store *store, json_t *info);
