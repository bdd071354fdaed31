/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASYNC marks the operations that are asynchronous in the server (gen/annotations.json). answer_accepted and
 * answer_empty are for operations whose cost is simulated, but not their effect.
 */
#include "sim/controller/controller_table.h"

#include "sim/base/memory.h"

#define SYS    SYS_ADMIN
#define TENANT TENANT_ADMIN
#define BOTH   (TENANT_ADMIN | CUSTOMER_USER)
#define ALL    (SYS_ADMIN | TENANT_ADMIN | CUSTOMER_USER)
#define NOAUTH MAPPING_NOAUTH
#define ASYNC  MAPPING_ASYNC
#define WRITE  (MAPPING_ASYNC | MAPPING_WRITE)
#define JSON   MAPPING_JSON
#define TEXT   MAPPING_TEXT
#define PARTS  MAPPING_PARTS

#define TELEMETRY "/api/plugins/telemetry"
#define ENTITY    TELEMETRY "/{entityType}/{entityId}"

const struct mapping mappings[] = {
    /* login, users */
    {"POST", "/api/auth/login", login, NOAUTH},
    {"POST", "/api/auth/token", refresh_token, NOAUTH},
    {"POST", "/api/auth/logout", logout, ALL},
    {"POST", "/api/auth/changePassword", change_password, ALL | JSON},
    {"GET", "/api/auth/user", get_user, ALL},
    {"POST", "/api/user", save_user, SYS | TENANT | JSON},
    {"GET", "/api/user/{userId}", get_user_by_id, ALL},
    {"DELETE", "/api/user/{userId}", delete_user, SYS | TENANT},
    {"GET", "/api/user/{userId}/token", get_user_token, ALL},
    {"POST", "/api/user/{userId}/userCredentialsEnabled", set_user_credentials_enabled, SYS | TENANT},
    {"GET", "/api/user/tokenAccessEnabled", is_user_token_access_enabled, SYS | TENANT},
    {"GET", "/api/user/settings/general", get_user_settings, ALL},
    {"GET", "/api/noauth/userPasswordPolicy", get_user_password_policy, NOAUTH},
    {"GET", "/api/system/params", get_system_params, ALL},
    {"GET", "/api/tenant/subscription/mergedProfileConfig", get_merged_profile_config, BOTH},
    {"GET", "/api/tenants", get_tenants, SYS},
    {"GET", "/api/tenant/{tenantId}", get_tenant_by_id, SYS | TENANT},

    /* API keys */
    {"POST", "/api/apiKey", save_api_key, ALL | JSON},
    {"GET", "/api/apiKeys/{userId}", get_user_api_keys, ALL},
    {"PUT", "/api/apiKey/{id}/enabled/{enabledValue}", enable_api_key, ALL},
    {"PUT", "/api/apiKey/{id}/description", update_api_key_description, ALL | TEXT},
    {"DELETE", "/api/apiKey/{id}", delete_api_key, ALL},

    /* devices */
    {"POST", "/api/device", save_device, TENANT | JSON},
    {"GET", "/api/device/{deviceId}", get_device_by_id, BOTH},
    {"DELETE", "/api/device/{deviceId}", delete_device, TENANT},
    {"GET", "/api/device/info/{deviceId}", get_device_info_by_id, BOTH},
    {"GET", "/api/device/types", get_device_types, BOTH},
    {"GET", "/api/device/{deviceId}/credentials", get_device_credentials, BOTH},
    {"POST", "/api/device/credentials", update_device_credentials, TENANT | JSON},
    {"GET", "/api/devices", get_devices_by_ids, BOTH},
    {"GET", "/api/tenant/device", get_tenant_device, TENANT},
    {"GET", "/api/tenant/devices", get_tenant_devices, TENANT},
    {"GET", "/api/tenant/deviceInfos", get_tenant_device_infos, TENANT},
    {"GET", "/api/customer/{customerId}/devices", get_customer_devices, BOTH},
    {"GET", "/api/customer/{customerId}/deviceInfos", get_customer_device_infos, BOTH},
    {"POST", "/api/customer/{customerId}/device/{deviceId}", assign_device_to_customer, TENANT},
    {"DELETE", "/api/customer/device/{deviceId}", unassign_device_from_customer, TENANT},
    {"POST", "/api/customer/device/{deviceName}/claim", answer_accepted, BOTH | ASYNC},
    {"DELETE", "/api/customer/device/{deviceName}/claim", answer_accepted, BOTH | ASYNC},

    /* assets */
    {"POST", "/api/asset", save_asset, TENANT | JSON},
    {"GET", "/api/asset/{assetId}", get_asset_by_id, BOTH},
    {"DELETE", "/api/asset/{assetId}", delete_asset, TENANT},
    {"GET", "/api/asset/info/{assetId}", get_asset_info_by_id, BOTH},
    {"GET", "/api/asset/types", get_asset_types, BOTH},
    {"GET", "/api/assets", get_assets_by_ids, BOTH},
    {"GET", "/api/tenant/asset", get_tenant_asset, TENANT},
    {"GET", "/api/tenant/assets", get_tenant_assets, TENANT},
    {"GET", "/api/tenant/assetInfos", get_tenant_asset_infos, TENANT},
    {"GET", "/api/customer/{customerId}/assets", get_customer_assets, BOTH},
    {"POST", "/api/customer/{customerId}/asset/{assetId}", assign_asset_to_customer, TENANT},
    {"DELETE", "/api/customer/asset/{assetId}", unassign_asset_from_customer, TENANT},

    /* customers */
    {"POST", "/api/customer", save_customer, TENANT | JSON},
    {"GET", "/api/customer/{customerId}", get_customer_by_id, BOTH},
    {"DELETE", "/api/customer/{customerId}", delete_customer, TENANT},
    {"GET", "/api/customer/{customerId}/shortInfo", get_short_customer_info, BOTH},
    {"GET", "/api/customer/{customerId}/title", get_customer_title, BOTH},
    {"GET", "/api/customer/{customerId}/users", get_customer_users, TENANT},
    {"GET", "/api/customers", get_customers, TENANT},
    {"GET", "/api/customers/list", get_customers_by_ids, TENANT},
    {"GET", "/api/tenant/customers", get_tenant_customer, TENANT},

    /* attributes and time series: all asynchronous */
    {"POST", TELEMETRY "/{deviceId}/{scope}", save_device_attributes, BOTH | WRITE | TEXT},
    {"DELETE", TELEMETRY "/{deviceId}/{scope}", delete_device_attributes, BOTH | WRITE},
    {"POST", ENTITY "/{scope}", save_entity_attributes, BOTH | WRITE | TEXT},
    {"DELETE", ENTITY "/{scope}", delete_entity_attributes, BOTH | WRITE},
    {"POST", ENTITY "/attributes/{scope}", save_entity_attributes, BOTH | WRITE | TEXT},
    {"GET", ENTITY "/keys/attributes", get_attribute_keys, BOTH | ASYNC},
    {"GET", ENTITY "/keys/attributes/{scope}", get_attribute_keys, BOTH | ASYNC},
    {"GET", ENTITY "/values/attributes", get_attributes, BOTH | ASYNC},
    {"GET", ENTITY "/values/attributes/{scope}", get_attributes_by_scope, BOTH | ASYNC},
    {"POST", ENTITY "/timeseries/{scope}", save_entity_telemetry, BOTH | WRITE | TEXT},
    {"POST", ENTITY "/timeseries/{scope}/{ttl}", save_entity_telemetry, BOTH | WRITE | TEXT},
    {"GET", ENTITY "/keys/timeseries", get_timeseries_keys, BOTH | ASYNC},
    {"GET", ENTITY "/values/timeseries", get_timeseries, BOTH | ASYNC},
    {"GET", ENTITY "/values/timeseries/history", get_timeseries, BOTH | ASYNC},
    {"DELETE", ENTITY "/timeseries/delete", delete_entity_timeseries, BOTH | WRITE},

    /* the device API: authenticated by the token in the path */
    {"POST", "/api/v1/{token}/telemetry", device_api_telemetry, NOAUTH | MAPPING_WRITE | TEXT},
    {"POST", "/api/v1/{token}/attributes", device_api_save_attributes, NOAUTH | MAPPING_WRITE | TEXT},
    {"GET", "/api/v1/{token}/attributes", device_api_get_attributes, NOAUTH},
    {"GET", "/api/v1/{token}/attributes/updates", device_api_attribute_updates, NOAUTH},
    {"GET", "/api/v1/{token}/rpc", device_api_next_rpc, NOAUTH},
    {"POST", "/api/v1/{token}/rpc/{requestId}", device_api_answer_rpc, NOAUTH | TEXT},

    /* relations; /api/relation is the older form of /api/v2/relation */
    {"POST", "/api/relation", save_relation_v1, BOTH | JSON},
    {"POST", "/api/v2/relation", save_relation, BOTH | JSON},
    {"GET", "/api/relation", get_relation, BOTH},
    {"DELETE", "/api/relation", delete_relation_v1, BOTH},
    {"DELETE", "/api/v2/relation", delete_relation, BOTH},
    {"DELETE", "/api/relations", delete_relations, BOTH},
    {"POST", "/api/relations", find_relations_by_query, BOTH | JSON},
    {"POST", "/api/relations/info", find_relation_infos_by_query, BOTH | JSON},
    {"GET", "/api/relations/from/{fromType}/{fromId}", find_relations_from, BOTH},
    {"GET", "/api/relations/from/{fromType}/{fromId}/{relationType}", find_relations_from, BOTH},
    {"GET", "/api/relations/to/{toType}/{toId}", find_relations_to, BOTH},
    {"GET", "/api/relations/to/{toType}/{toId}/{relationType}", find_relations_to, BOTH},
    {"GET", "/api/relations/info/from/{fromType}/{fromId}", find_relation_infos_from, BOTH},
    {"GET", "/api/relations/info/to/{toType}/{toId}", find_relation_infos_to, BOTH},

    /* alarms */
    {"POST", "/api/alarm", save_alarm, BOTH | JSON},
    {"GET", "/api/alarm/{alarmId}", get_alarm_by_id, BOTH},
    {"DELETE", "/api/alarm/{alarmId}", delete_alarm, BOTH},
    {"GET", "/api/alarm/info/{alarmId}", get_alarm_info_by_id, BOTH},
    {"POST", "/api/alarm/{alarmId}/ack", ack_alarm, BOTH},
    {"POST", "/api/alarm/{alarmId}/clear", clear_alarm, BOTH},
    {"POST", "/api/alarm/{alarmId}/assign/{assigneeId}", assign_alarm, BOTH},
    {"DELETE", "/api/alarm/{alarmId}/assign", unassign_alarm, BOTH},
    {"GET", "/api/alarm/{entityType}/{entityId}", get_alarms_by_entity, BOTH},
    {"GET", "/api/v2/alarm/{entityType}/{entityId}", get_alarms_by_entity, BOTH},
    {"GET", "/api/alarm/highestSeverity/{entityType}/{entityId}", get_highest_alarm_severity, BOTH},
    {"GET", "/api/alarm/types", get_alarm_types, BOTH},
    {"GET", "/api/alarms", get_all_alarms, BOTH},
    {"GET", "/api/v2/alarms", get_all_alarms, BOTH},

    /* entity queries */
    {"POST", "/api/entitiesQuery/count", count_entities_by_query, BOTH | JSON},
    {"POST", "/api/entitiesQuery/find", find_entity_data_by_query, BOTH | JSON},
    {"POST", "/api/entitiesQuery/find/keys", find_available_keys, BOTH | JSON | ASYNC},
    {"POST", "/api/v2/entitiesQuery/find/keys", find_available_keys_v2, BOTH | JSON | ASYNC},

    /* RPC and rule engine */
    {"POST", "/api/rpc/oneway/{deviceId}", rpc_one_way, BOTH | ASYNC | TEXT},
    {"POST", "/api/rpc/twoway/{deviceId}", rpc_two_way, BOTH | ASYNC | TEXT},
    {"POST", "/api/plugins/rpc/oneway/{deviceId}", rpc_one_way, BOTH | ASYNC | TEXT},
    {"POST", "/api/plugins/rpc/twoway/{deviceId}", rpc_two_way, BOTH | ASYNC | TEXT},
    {"GET", "/api/rpc/persistent/device/{deviceId}", answer_accepted, BOTH | ASYNC},
    {"POST", "/api/rule-engine/", answer_accepted, ALL | ASYNC | TEXT},
    {"POST", "/api/rule-engine/{entityType}/{entityId}", answer_accepted, ALL | ASYNC | TEXT},
    {"POST", "/api/rule-engine/{entityType}/{entityId}/{timeout}", answer_accepted, ALL | ASYNC | TEXT},
    {"POST", "/api/rule-engine/{entityType}/{entityId}/{queueName}/{timeout}", answer_accepted,
     ALL | ASYNC | TEXT},

    /* the other asynchronous operations */
    {"POST", "/api/edge/sync/{edgeId}", answer_empty, TENANT | ASYNC},
    {"POST", "/api/ai/model/chat", answer_accepted, TENANT | JSON | ASYNC},
    {"POST", "/api/admin/repositorySettings", answer_accepted, TENANT | JSON | ASYNC},
    {"DELETE", "/api/admin/repositorySettings", answer_empty, TENANT | ASYNC},
    {"POST", "/api/admin/repositorySettings/checkAccess", answer_empty, TENANT | JSON | ASYNC},
    {"POST", "/api/entities/vc/version", answer_accepted, TENANT | JSON | ASYNC},
    {"GET", "/api/entities/vc/version", answer_accepted, TENANT | ASYNC},
    {"GET", "/api/entities/vc/version/{entityType}", answer_accepted, TENANT | ASYNC},
    {"GET", "/api/entities/vc/version/{entityType}/{externalEntityUuid}", answer_accepted, TENANT | ASYNC},
    {"GET", "/api/entities/vc/version/{requestId}/status", answer_accepted, TENANT},
    {"POST", "/api/entities/vc/entity", answer_accepted, TENANT | JSON | ASYNC},
    {"GET", "/api/entities/vc/entity/{versionId}", answer_accepted, TENANT | ASYNC},
    {"GET", "/api/entities/vc/entity/{entityType}/{versionId}", answer_accepted, TENANT | ASYNC},
    {"GET", "/api/entities/vc/entity/{requestId}/status", answer_accepted, TENANT},
    {"GET", "/api/entities/vc/info/{versionId}/{entityType}/{externalEntityUuid}", answer_accepted,
     TENANT | ASYNC},
    {"GET", "/api/entities/vc/diff/{entityType}/{internalEntityUuid}", answer_accepted, TENANT | ASYNC},
    {"GET", "/api/entities/vc/branches", answer_accepted, TENANT | ASYNC},

    /* dashboards */
    {"POST", "/api/dashboard", save_dashboard, TENANT | JSON},
    {"GET", "/api/dashboard/{dashboardId}", get_dashboard_by_id, BOTH},
    {"DELETE", "/api/dashboard/{dashboardId}", delete_dashboard, TENANT},
    {"GET", "/api/dashboard/info/{dashboardId}", get_dashboard_info_by_id, BOTH},
    {"GET", "/api/tenant/dashboards", get_tenant_dashboards, TENANT},

    /* images and OTA packages */
    {"POST", "/api/image", upload_image, SYS | TENANT | PARTS},
    {"GET", "/api/images/{type}/{key}", download_image, ALL},
    {"PUT", "/api/images/{type}/{key}", update_image, SYS | TENANT | PARTS},
    {"DELETE", "/api/images/{type}/{key}", delete_image, SYS | TENANT},
    {"GET", "/api/images/{type}/{key}/info", get_image_info, SYS | TENANT},
    {"GET", "/api/images/{type}/{key}/preview", download_image, ALL},
    {"GET", "/api/images/public/{publicResourceKey}", download_public_image, NOAUTH},
    {"POST", "/api/otaPackage", save_ota_package, TENANT | JSON},
    {"POST", "/api/otaPackage/{otaPackageId}", save_ota_package_data, TENANT},
    {"GET", "/api/otaPackage/{otaPackageId}/download", download_ota_package, TENANT},
    {"DELETE", "/api/otaPackage/{otaPackageId}", delete_ota_package, TENANT},

    /* entity groups and roles: PE and PaaS */
    {"POST", "/api/entityGroup", save_entity_group, TENANT | JSON},
    {"GET", "/api/entityGroup/{entityGroupId}", get_entity_group_by_id, BOTH},
    {"DELETE", "/api/entityGroup/{entityGroupId}", delete_entity_group, TENANT},
    {"GET", "/api/entityGroup/all/{ownerType}/{ownerId}/{groupType}", get_entity_group_all, BOTH},
    {"POST", "/api/entityGroup/{entityGroupId}/addEntities", add_entities_to_entity_group, TENANT | JSON},
    {"POST", "/api/entityGroup/{entityGroupId}/deleteEntities", remove_entities_from_entity_group,
     TENANT | JSON},
    {"GET", "/api/entityGroup/{entityGroupId}/devices", get_group_members, BOTH},
    {"GET", "/api/entityGroup/{entityGroupId}/assets", get_group_members, BOTH},
    {"GET", "/api/entityGroup/{entityGroupId}/customers", get_group_members, BOTH},
    {"POST", "/api/entityGroup/{entityGroupId}/{userGroupId}/{roleId}/share", share_entity_group, TENANT},
    {"GET", "/api/entityGroup/{ownerType}/{ownerId}/{groupType}/{groupName}", get_entity_group_by_name, BOTH},
    {"GET", "/api/entityGroup/{entityGroupId}/groupPermissions", get_entity_group_permissions, BOTH},
    {"GET", "/api/entityGroups/{groupType}/all", get_entity_groups_by_type, BOTH},
    {"POST", "/api/groupPermission", save_group_permission, TENANT | JSON},
    {"DELETE", "/api/groupPermission/{groupPermissionId}", delete_group_permission, TENANT},
    {"POST", "/api/owner/TENANT/{ownerId}/{entityType}/{entityId}", change_owner_to_tenant, TENANT},
    {"POST", "/api/owner/CUSTOMER/{ownerId}/{entityType}/{entityId}", change_owner_to_customer, TENANT},
    {"POST", "/api/role", save_role, TENANT | JSON},
    {"GET", "/api/role/{roleId}", get_role_by_id, BOTH},
    {"DELETE", "/api/role/{roleId}", delete_role, TENANT},
    {"GET", "/api/roles", get_roles, TENANT},

    /* the API browser */
    {"GET", "/swagger-ui.html", get_swagger_redirect, NOAUTH},
    {"GET", "/swagger-ui/{file}", get_swagger_file, NOAUTH},
    {"GET", "/v3/api-docs", get_api_docs, NOAUTH},
    {"GET", "/v3/api-docs/swagger-config", get_swagger_config, NOAUTH},
    {"GET", "/v3/api-docs/thingsboard", get_api_docs, NOAUTH},
    {"GET", "/api/ws", web_socket, NOAUTH},
    {"GET", "/api/ws/plugins/{plugin}", web_socket, NOAUTH},
};

const size_t n_mappings = ARRAY_SIZE(mappings);
