/* SPDX-License-Identifier: Apache-2.0 */
/* With the same seed, the same target gets the same answer. */
#include "sim/controller/generated_answers.h"

#include <string.h>

#include "base/hash.h"
#include "common/instance.h"
#include "sim/entity/page_link.h"
#include "sim/spec/schema_validator.h"

enum {
    DEPTH = 3,
    PAGES = 3,
    ROWS_MAX = 100,     /* of a page, however many are asked for */
    BINARY_SIZE = 3000, /* bytes of a download */
};

/* Other targets, other values. */
static unsigned seed_of(const struct sim *sim, const struct request *rq)
{
    return (unsigned)((hash_bytes(rq->target, strlen(rq->target)) ^ (uint64_t)sim->settings.seed) & 0xffffff);
}

static json_t *instance(const struct sim *sim, unsigned type, unsigned seed)
{
    struct instance_options options = {.seed = seed, .all_members = true, .depth = DEPTH};

    return instance_make(sim->api, type, &options);
}

static void put_if_known(const struct sim *sim, const struct tb_schema *schema, json_t *page,
                         const char *name, json_t *value)
{
    if (schema_field(sim->api, schema, name))
        json_put(page, name, value);
    else
        json_decref(value);
}

static void fill_page(const struct sim *sim, const struct tb_schema *schema, const struct tb_field *data,
                      const struct page_link *link, unsigned seed, json_t *page)
{
    int64_t rows = link->page >= PAGES ? 0 : link->size < ROWS_MAX ? link->size : ROWS_MAX;
    json_t *list = json_array();

    for (int64_t i = 0; i < rows; i++)
        json_array_append_new(list, instance(sim, sim->api->types[data->type].of, seed + 1 + (unsigned)i));
    json_put(page, "data", list);
    put_if_known(sim, schema, page, "totalPages", json_integer(PAGES));
    put_if_known(sim, schema, page, "totalElements",
                 json_integer(PAGES * (link->size < ROWS_MAX ? link->size : ROWS_MAX)));
    put_if_known(sim, schema, page, "hasNext", json_boolean(link->page + 1 < PAGES));
}

static void answer_json(const struct sim *sim, const struct request *rq, struct reply *rp)
{
    const struct tb_type *type = &sim->api->types[rq->op->answer_type];
    const struct tb_schema *schema = type->kind == TB_KIND_OBJECT ? &sim->api->schemas[type->of] : NULL;
    const struct tb_field *data = schema ? schema_field(sim->api, schema, "data") : NULL;
    struct page_link link = {};
    unsigned seed = seed_of(sim, rq);
    json_t *value;

    if (rq->op->flags & TB_PAGED && data && sim->api->types[data->type].kind == TB_KIND_LIST) {
        if (!page_link_parse_numbers(rq, rp, &link))
            return;
        value = instance(sim, rq->op->answer_type, seed);
        fill_page(sim, schema, data, &link, seed, value);
    } else {
        value = instance(sim, rq->op->answer_type, seed);
    }
    reply_json(rp, value);
}

static void answer_binary(const struct sim *sim, const struct request *rq, struct reply *rp)
{
    unsigned value = seed_of(sim, rq);
    char *bytes = xcalloc(BINARY_SIZE, 1);

    for (size_t i = 0; i < BINARY_SIZE; i++) {
        value = value * 1103515245U + 12345U;
        bytes[i] = (char)(value >> 16);
    }
    reply_empty(rp, 200);
    rp->body = bytes;
    rp->len = BINARY_SIZE;
}

void generated_answer(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *media = api_text(sim->api, rq->op->answer_media);

    switch ((enum tb_answer)rq->op->answer) {
    case TB_ANSWER_NONE:
        reply_empty(rp, 200);
        return;
    case TB_ANSWER_JSON:
        answer_json(sim, rq, rp);
        return;
    case TB_ANSWER_BYTES:
        reply_text(rp, 200, "text %u of %s", seed_of(sim, rq), api_text(sim->api, rq->op->id));
        break;
    case TB_ANSWER_BINARY:
        answer_binary(sim, rq, rp);
        if (strchr(media, '*'))
            media = "image/png";
        break;
    case TB_ANSWER_EVENTS:
        reply_text(rp, 200, "%s",
                   "data: {\"type\":\"first\"}\n\nid: 2\nevent: message\ndata: {\"type\":\"second\"}\n\n"
                   "data: {\"type\":\"third\"}\n\n");
        break;
    }
    rp->content_type = *media ? media : "text/plain";
}

void answer_accepted(struct sim *sim, struct request *rq, struct reply *rp)
{
    if (rq->op)
        generated_answer(sim, rq, rp);
    else
        reply_json(rp, json_pack("{s:b}", "ok", 1));
}

void answer_empty(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    (void)rq;
    reply_empty(rp, 200);
}

const struct mapping generated_mapping = {.handler = generated_answer,
                                          .flags = SYS_ADMIN | TENANT_ADMIN | CUSTOMER_USER};
const struct mapping generated_open_mapping = {.handler = generated_answer, .flags = MAPPING_NOAUTH};
