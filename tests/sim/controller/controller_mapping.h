/* SPDX-License-Identifier: Apache-2.0 */
/* Which controller handles a request. */
#ifndef TB_SIM_CONTROLLER_MAPPING_H
#define TB_SIM_CONTROLLER_MAPPING_H

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"
#include "sim/state/sim.h"

typedef void handler(struct sim *sim, struct request *rq, struct reply *rp);

/* Flags of a row. The low bits are the authorities that may call it (enum authority). */
enum {
    MAPPING_NOAUTH = 1 << 4, /* without a token and a rate limit */
    MAPPING_ASYNC = 1 << 5,  /* asynchronous in the server: costs a second token when it completes */
    MAPPING_WRITE = 1 << 6,  /* takes settings.write_ms */
    MAPPING_JSON = 1 << 7,   /* needs a JSON body with that Content-Type */
    MAPPING_TEXT = 1 << 8,   /* needs a body of any type */
    MAPPING_PARTS = 1 << 9,  /* takes multipart bodies only */
};

struct mapping {
    const char *method;
    const char *path; /* a template (path_template.h) */
    handler *handler;
    unsigned flags;
};

/* Leaves out the operations that only other editions and versions have. Called once, before the first
 * request. */
void mapping_restrict(const struct tb_api *api);
void mapping_unrestrict(void);
/* The row of the request, or NULL. Sets rq->vars and rq->op, too. */
const struct mapping *mapping_find(const struct tb_api *api, struct request *rq);
/* The methods of the path, joined by the separator: "DELETE, GET"; NULL if no row has the path. Freed with
 * free(). */
char *mapping_allow(const struct tb_api *api, struct request *rq, const char *separator, bool with_options);

/* auth_controller.c */
handler login, refresh_token, logout, change_password, get_user_token;
/* user_controller.c */
handler get_user, get_user_by_id, get_customer_users, set_user_credentials_enabled,
    is_user_token_access_enabled, save_user, delete_user;
handler get_user_password_policy, get_merged_profile_config, get_system_params, get_tenants, get_tenant_by_id,
    get_user_settings;
/* api_key_controller.c */
handler save_api_key, get_user_api_keys, enable_api_key, update_api_key_description, delete_api_key;
/* device_controller.c */
handler save_device, get_device_by_id, get_device_info_by_id, delete_device, get_tenant_devices;
handler get_tenant_device_infos, get_customer_devices, get_customer_device_infos, get_device_types;
handler get_device_credentials, update_device_credentials;
handler get_tenant_device, get_devices_by_ids, assign_device_to_customer, unassign_device_from_customer;
/* device_api_controller.c */
handler device_api_telemetry, device_api_save_attributes, device_api_get_attributes;
/* asset_controller.c */
handler save_asset, get_asset_by_id, get_asset_info_by_id, delete_asset, get_tenant_assets,
    get_tenant_asset_infos;
handler get_customer_assets, get_tenant_asset, get_assets_by_ids, get_asset_types, assign_asset_to_customer;
handler unassign_asset_from_customer;
/* customer_controller.c */
handler save_customer, get_customer_by_id, delete_customer, get_customers, get_tenant_customer;
handler get_short_customer_info, get_customer_title, get_customers_by_ids;
/* telemetry_controller.c */
handler save_entity_telemetry, get_timeseries, get_timeseries_keys, delete_entity_timeseries;
/* attributes_controller.c */
handler save_entity_attributes, save_device_attributes, get_attributes, get_attributes_by_scope;
handler get_attribute_keys, delete_entity_attributes, delete_device_attributes;
/* relation_controller.c, relation_search.c */
handler save_relation, save_relation_v1, get_relation, delete_relation, delete_relation_v1, delete_relations;
handler find_relations_from, find_relations_to, find_relation_infos_from, find_relation_infos_to;
handler find_relations_by_query, find_relation_infos_by_query;
/* alarm_controller.c, alarm_listing.c */
handler save_alarm, get_alarm_by_id, get_alarm_info_by_id, delete_alarm, ack_alarm, clear_alarm, assign_alarm;
handler unassign_alarm, get_alarms_by_entity, get_all_alarms, get_highest_alarm_severity, get_alarm_types;
/* entity_query_controller.c */
handler count_entities_by_query, find_entity_data_by_query, find_available_keys, find_available_keys_v2;
/* dashboard_controller.c */
handler save_dashboard, get_dashboard_by_id, get_dashboard_info_by_id, delete_dashboard,
    get_tenant_dashboards;
/* entity_group_controller.c */
handler save_entity_group, get_entity_group_by_id, delete_entity_group, get_entity_group_all,
    add_entities_to_entity_group;
handler remove_entities_from_entity_group, share_entity_group, get_entity_groups_by_type, get_group_members;
handler get_entity_group_by_name;
/* group_permission_controller.c */
handler save_group_permission, delete_group_permission, get_entity_group_permissions;
handler change_owner_to_tenant, change_owner_to_customer;
/* role_controller.c */
handler save_role, get_role_by_id, delete_role, get_roles;
/* swagger_pages.c */
handler get_api_docs, get_swagger_config, get_swagger_file, get_swagger_redirect;
/* image_controller.c */
handler upload_image, update_image, get_image_info, delete_image, download_image, download_public_image;
/* ota_package_controller.c */
handler save_ota_package, save_ota_package_data, download_ota_package, delete_ota_package;
/* rpc_controller.c */
handler rpc_one_way, rpc_two_way, device_api_next_rpc, device_api_answer_rpc, device_api_attribute_updates;
/* generated_answers.c */
handler answer_accepted, answer_empty;
/* websocket/websocket_handshake.c */
handler web_socket;

#endif
