/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation that the stand-in knows, one row each. */
#pragma once

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

typedef void handler(struct sim *sim, struct request *rq, struct reply *rp);

/* Flags of a row; the low bits are the authorities that may call it (enum authority). */
enum {
    ROUTE_NOAUTH = 1 << 4, /* no token, no limit */
    ROUTE_ASYNC = 1 << 5,  /* takes a second token when it completes (docs/server-behaviour.md) */
    ROUTE_WRITE = 1 << 6,  /* takes as long as settings.write_ms */
    ROUTE_JSON = 1 << 7,   /* needs a JSON body with its Content-Type */
    ROUTE_TEXT = 1 << 8,   /* needs a body of any type */
    ROUTE_PARTS = 1 << 9,  /* is there for multipart bodies only */
};

struct route {
    const char *method;
    const char *path; /* template; {x} is a variable of one segment */
    handler *handler;
    unsigned flags;
};

/* How a template matches. */
struct match {
    const char *vars[MAX_VARS]; /* the first of them */
    unsigned literals; /* one bit for each segment, the first one highest: the greater, the more exact */
};

/* Whether the path of the request is one of the template. */
bool path_match(const char *template, const struct request *rq, struct match *ret);

/* Leaves out the rows of operations that other editions and versions have, and this one does not. */
void route_restrict(const struct tb_api *api);
void route_forget(void);
/* The row for the request, its variables in rq->vars, its operation in rq->op; NULL if there is none. */
const struct route *route_find(const struct tb_api *api, struct request *rq);
/* "DELETE, GET": the methods of the path, joined by the separator; NULL if nothing has the path. */
char *route_allow(const struct tb_api *api, struct request *rq, const char *separator, bool with_options);

/* login.c */
handler login, refresh_token, logout, change_password, get_user_token;
/* user.c */
handler get_user, get_user_by_id, get_customer_users, set_user_credentials_enabled,
    is_user_token_access_enabled;
handler get_user_password_policy, get_merged_profile_config, get_system_params, get_tenants, get_tenant_by_id,
    get_user_settings;
/* apikey.c */
handler save_api_key, get_user_api_keys, enable_api_key, update_api_key_description, delete_api_key;
/* device.c */
handler save_device, get_device_by_id, get_device_info_by_id, delete_device, get_tenant_devices;
handler get_tenant_device_infos, get_customer_devices, get_customer_device_infos, get_device_types;
handler get_tenant_device, get_devices_by_ids, assign_device_to_customer, unassign_device_from_customer;
/* credentials.c */
handler get_device_credentials, update_device_credentials, device_api_telemetry, device_api_save_attributes;
handler device_api_get_attributes;
/* asset.c */
handler save_asset, get_asset_by_id, get_asset_info_by_id, delete_asset, get_tenant_assets,
    get_tenant_asset_infos;
handler get_customer_assets, get_tenant_asset, get_assets_by_ids, get_asset_types, assign_asset_to_customer;
handler unassign_asset_from_customer;
/* customer.c */
handler save_customer, get_customer_by_id, delete_customer, get_customers, get_tenant_customer;
handler get_short_customer_info, get_customer_title, get_customers_by_ids;
/* telemetry.c */
handler save_entity_telemetry, get_timeseries, get_timeseries_keys, delete_entity_timeseries;
/* attributes.c */
handler save_entity_attributes, save_device_attributes, get_attributes, get_attributes_by_scope;
handler get_attribute_keys, delete_entity_attributes, delete_device_attributes;
/* relation.c */
handler save_relation, save_relation_v1, get_relation, delete_relation, delete_relation_v1, delete_relations;
handler find_relations_from, find_relations_to, find_relation_infos_from, find_relation_infos_to;
handler find_relations_by_query, find_relation_infos_by_query;
/* alarm.c */
handler save_alarm, get_alarm_by_id, get_alarm_info_by_id, delete_alarm, ack_alarm, clear_alarm, assign_alarm;
handler unassign_alarm, get_alarms_by_entity, get_all_alarms, get_highest_alarm_severity, get_alarm_types;
/* query.c */
handler count_entities_by_query, find_entity_data_by_query, find_available_keys, find_available_keys_v2;
/* dashboard.c */
handler save_dashboard, get_dashboard_by_id, get_dashboard_info_by_id, delete_dashboard,
    get_tenant_dashboards;
/* group.c */
handler save_entity_group, get_entity_group_by_id, delete_entity_group, get_entity_group_all,
    add_entities_to_entity_group;
handler remove_entities_from_entity_group, share_entity_group, get_entity_groups_by_type, get_group_members;
/* role.c */
handler save_role, get_role_by_id, delete_role, get_roles;
/* pages.c */
handler get_api_docs, get_swagger_config, get_swagger_file, get_swagger_redirect;
/* image.c */
handler upload_image, update_image, get_image_info, delete_image, download_image, download_public_image;
/* ota.c */
handler save_ota_package, save_ota_package_data, download_ota_package, delete_ota_package;
/* rpc.c */
handler rpc_one_way, rpc_two_way, device_api_next_rpc, device_api_answer_rpc, device_api_attribute_updates;
/* generated.c */
handler accepted, accepted_empty;
/* websocket.c */
handler web_socket;
