/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/entity_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/error.h"
#include "ctl/spelling.h"

#define LIST_MAX 100

struct entity_kind {
    const char *type;          /* in parameters such as entityType */
    const char *title;         /* for people */
    const char *parameter;     /* its id, if no other parameter says the type */
    const char *find, *by;     /* the operation that finds one, and the parameter that is its name */
    const char *list, *member; /* the operation that lists them, and the member that is the name */
};

static const struct entity_kind kinds[] = {
    {"ASSET", "asset", "assetId", "getTenantAssetByName", "assetName", "getTenantAssets", "name"},
    {"CUSTOMER", "customer", "customerId", "getTenantCustomer", "customerTitle", "getCustomers", "title"},
    {"DEVICE", "device", "deviceId", "getTenantDeviceByName", "deviceName", "getTenantDevices", "name"},
    {"EDGE", "edge", "edgeId", "getTenantEdgeByName", "edgeName", "getTenantEdges", "name"},
    {"ENTITY_VIEW", "entity view", "entityViewId", "getTenantEntityViewByName", "entityViewName",
     "getTenantEntityViews", "name"},
};

const struct entity_kind *entity_kind_find(const char *parameter, const char *type)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(kinds); i++)
        if (type ? strcmp(kinds[i].type, type) == 0 : strcmp(kinds[i].parameter, parameter) == 0)
            return &kinds[i];
    return NULL;
}

const char *entity_type_parameter(const char *parameter, char *ret, size_t size)
{
    size_t length = strlen(parameter);
    bool is_id = length > 2 && strcmp(parameter + length - 2, "Id") == 0;

    snprintf(ret, size, "%.*sType", is_id ? (int)length - 2 : 0, parameter);
    return ret;
}

/* Calls OPERATION with PARAMETERS, which it releases; NULL: out of memory, or not UTF-8. *RET may be NULL. */
static int ask(tb_client *client, const tb_api *api, const char *operation, json_t *parameters, json_t **ret,
               struct tb_error *err)
{
    int r = parameters ? tb_call(client, api, operation, parameters, NULL, NULL, ret, err)
                       : tb_error_set(err, -EINVAL, "the name is not UTF-8");

    json_decref(parameters);
    return r;
}

/* *RET is a new reference to the id of the entity called NAME. */
static int find_id(tb_client *client, const tb_api *api, const struct entity_kind *kind, const char *name,
                   json_t **ret, struct tb_error *err)
{
    json_t *answer = NULL;
    json_t *id;
    int r = ask(client, api, kind->find, json_pack("{s:s}", kind->by, name), &answer, err);

    if (r < 0)
        return err && err->kind == TB_ERROR_NOT_FOUND
                   ? FAIL(err, TB_ERROR_NOT_FOUND, -ENOENT, "no %s is called %s", kind->title, name)
                   : r;
    id = json_object_get(json_object_get(answer, "id"), "id");
    if (json_is_string(id))
        *ret = json_incref(id);
    else
        r = FAIL(err, TB_ERROR_DECODE, -EBADMSG, "%s: the answer has no id", kind->find);
    json_decref(answer);
    return r;
}

/* The parameter NAME, whose value begins with the mark. */
static int resolve(tb_client *client, const tb_api *api, json_t *parameters, const char *name,
                   const char *value, struct tb_error *err)
{
    char type[NAME_MAX_BYTES], option[NAME_MAX_BYTES];
    json_t *given = json_object_get(parameters, entity_type_parameter(name, type, sizeof(type)));
    const struct entity_kind *kind = entity_kind_find(name, json_string_value(given));
    json_t *id = NULL;
    int r;

    if (!kind)
        return tb_error_set(err, -EINVAL,
                            "--%s: only devices, assets, customers, edges and entity views have %s",
                            kebab_case(name, option), ENTITY_NAME_MARK "NAME");
    r = find_id(client, api, kind, value + strlen(ENTITY_NAME_MARK), &id, err);
    if (r == 0)
        json_object_set_new(parameters, name, id);
    return r < 0 ? tb_error_prefix(err, "--%s", kebab_case(name, option)) : 0;
}

int entity_names_resolve(tb_client *client, const tb_api *api, json_t *parameters, struct tb_error *err)
{
    const char *name;
    json_t *value;
    void *next;
    int r = 0;

    json_object_foreach_safe(parameters, next, name, value)
    {
        const char *text = json_string_value(value);

        if (client && r == 0 && text && strncmp(text, ENTITY_NAME_MARK, strlen(ENTITY_NAME_MARK)) == 0)
            r = resolve(client, api, parameters, name, text, err);
    }
    return r;
}

int entity_names_list(tb_client *client, const tb_api *api, const struct entity_kind *kind, const char *text,
                      json_t **ret, struct tb_error *err)
{
    json_t *answer = NULL;
    json_t *names, *entity;
    size_t i;
    int r =
        ask(client, api, kind->list,
            json_pack("{s:i, s:i, s:s}", "pageSize", LIST_MAX, "page", 0, "textSearch", text), &answer, err);

    if (r < 0)
        return r;
    names = json_array();
    json_array_foreach(json_object_get(answer, "data"), i, entity)
        json_array_append(names, json_object_get(entity, kind->member));
    json_decref(answer);
    *ret = names;
    return names ? 0 : FAIL_MEMORY(err);
}
