/* SPDX-License-Identifier: Apache-2.0 */
#include "small_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum {
    T_NONE,
    T_STRING,
    T_BOOL,
    T_INT32,
    T_INT64,
    T_DOUBLE,
    T_JSON,
    T_DEVICE,
    T_DEVICES,
    T_PAGE,
    T_PART,
    T_PARTS,
    T_STRINGS,
    T_INT64S,
    T_ORDER,
};

enum { B_NONE, B_NAME, B_SEARCH, B_LIMIT, B_COUNT };

enum { SCHEMA_DEVICE, SCHEMA_PAGE, SCHEMA_PARTS };

static char pool[8192];
static uint32_t pool_size = 1;

static uint32_t text(const char *string)
{
    uint32_t offset = pool_size;

    if (!*string)
        return 0;
    if (pool_size + strlen(string) + 1 > sizeof(pool))
        abort();
    strcpy(pool + pool_size, string);
    pool_size += (uint32_t)strlen(string) + 1;
    return offset;
}

static const struct tb_type types[] = {
    [T_NONE] = {TB_KIND_NONE, 0, 0},           [T_STRING] = {TB_KIND_STRING, 0, 0},
    [T_BOOL] = {TB_KIND_BOOL, 0, 0},           [T_INT32] = {TB_KIND_INT32, 0, 0},
    [T_INT64] = {TB_KIND_INT64, 0, 0},         [T_DOUBLE] = {TB_KIND_DOUBLE, 0, 0},
    [T_JSON] = {TB_KIND_JSON, 0, 0},           [T_DEVICE] = {TB_KIND_OBJECT, 0, SCHEMA_DEVICE},
    [T_DEVICES] = {TB_KIND_LIST, 0, T_DEVICE}, [T_PAGE] = {TB_KIND_OBJECT, 0, SCHEMA_PAGE},
    [T_PART] = {TB_KIND_PART, 0, 0},           [T_PARTS] = {TB_KIND_OBJECT, 0, SCHEMA_PARTS},
    [T_STRINGS] = {TB_KIND_LIST, 0, T_STRING}, [T_INT64S] = {TB_KIND_LIST, 0, T_INT64},
    [T_ORDER] = {TB_KIND_STRING, 0, 1},
};

#define UNBOUND INT64_MIN, INT64_MAX
static const struct tb_bounds bounds[B_COUNT] = {
    [B_NONE] = {UNBOUND, 0, UINT32_MAX, 0, 0},
    [B_NAME] = {UNBOUND, 0, 20, 0, 0},
    [B_SEARCH] = {UNBOUND, 0, 10, 0, 0},
    [B_LIMIT] = {1, 100, 0, UINT32_MAX, 0, 0},
};

static struct tb_field fields[8];
static struct tb_schema schemas[3];
static struct tb_parameter parameters[40];
static struct tb_operation operations[SMALL_OPERATIONS];
static struct tb_enum enums[1];
static uint32_t enum_values[2];
static uint16_t parameter_count;
static const struct tb_variant no_variants[1];
static unsigned order[SMALL_OPERATIONS];

static tb_api api = {
    .edition = "small",
    .version = "1",
    .strings = pool,
    .operations = operations,
    .parameters = parameters,
    .types = types,
    .schemas = schemas,
    .fields = fields,
    .variants = no_variants,
    .enums = enums,
    .enum_values = enum_values,
    .bounds = bounds,
    .operation_count = SMALL_OPERATIONS,
    .type_count = ARRAY_SIZE(types),
    .schema_count = 3,
    .field_count = 8,
    .enum_count = 1,
    .enum_value_count = 2,
    .bounds_count = B_COUNT,
};

static tb_operation *add(unsigned name, const char *id, enum tb_method method, const char *path)
{
    tb_operation *operation = &operations[name];

    *operation = (tb_operation){.id = text(id),
                                .path = text(path),
                                .method = (uint8_t)method,
                                .first_parameter = parameter_count,
                                .answer = TB_ANSWER_NONE};
    return operation;
}

static void parameter(tb_operation *operation, const char *name, unsigned type, enum tb_location location,
                      size_t slot, unsigned flags, unsigned bound)
{
    parameters[parameter_count++] = (struct tb_parameter){.name = text(name),
                                                          .type = (uint16_t)type,
                                                          .slot = (uint16_t)slot,
                                                          .bounds = (uint16_t)bound,
                                                          .location = (uint8_t)location,
                                                          .flags = (uint8_t)flags};
    operation->parameter_count++;
    if (flags & TB_REQUIRED)
        operation->body_slot = ++operation->argument_count; /* the body comes last */
}

static void answers(tb_operation *operation, enum tb_answer answer, unsigned type)
{
    operation->answer = (uint8_t)answer;
    operation->answer_type = (uint16_t)type;
}

static void takes(tb_operation *operation, enum tb_body body, unsigned type)
{
    operation->body = (uint8_t)body;
    operation->body_type = (uint16_t)type;
    operation->flags |= TB_BODY_REQUIRED;
    operation->argument_count++;
}

static void add_schemas(void)
{
    static const struct {
        const char *name;
        unsigned type;
        size_t offset;
        unsigned bounds, flags;
    } rows[] = {
        {"createdTime", T_INT64, offsetof(small_device, created_time), B_NONE, TB_READ_ONLY},
        {"id", T_JSON, offsetof(small_device, id), B_NONE, 0},
        {"name", T_STRING, offsetof(small_device, name), B_NAME, TB_REQUIRED},
        {"type", T_STRING, offsetof(small_device, type), B_NONE, 0},
        {"data", T_DEVICES, offsetof(small_page, data), B_NONE, 0},
        {"hasNext", T_BOOL, offsetof(small_page, has_next), B_NONE, 0},
        {"file", T_PART, offsetof(small_parts, file), B_NONE, TB_REQUIRED},
        {"title", T_STRING, offsetof(small_parts, title), B_NONE, 0},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++)
        fields[i] = (struct tb_field){.name = text(rows[i].name),
                                      .type = (uint16_t)rows[i].type,
                                      .offset = (uint16_t)rows[i].offset,
                                      .bounds = (uint16_t)rows[i].bounds,
                                      .flags = (uint8_t)rows[i].flags};
    schemas[SCHEMA_DEVICE] =
        (struct tb_schema){.name = text("Device"), .field_count = 4, .size = sizeof(small_device)};
    schemas[SCHEMA_PAGE] = (struct tb_schema){
        .name = text("PageDataDevice"), .first_field = 4, .field_count = 2, .size = sizeof(small_page)};
    schemas[SCHEMA_PARTS] = (struct tb_schema){
        .name = text("UploadParts"), .first_field = 6, .field_count = 2, .size = sizeof(small_parts)};
    enum_values[0] = text("ASC");
    enum_values[1] = text("DESC");
    enums[0] = (struct tb_enum){.name = text("Order"), .value_count = 2};
}

static void add_devices(void)
{
    tb_operation *operation = add(SMALL_DELETE, "deleteDevice", TB_DELETE, "/api/device/{deviceId}");

    parameter(operation, "deviceId", T_STRING, TB_IN_PATH, 0, TB_REQUIRED, B_NONE);
    operation = add(SMALL_DEVICE, "getDeviceById", TB_GET, "/api/device/{deviceId}");
    parameter(operation, "deviceId", T_STRING, TB_IN_PATH, 0, TB_REQUIRED, B_NONE);
    answers(operation, TB_ANSWER_JSON, T_DEVICE);
    operation = add(SMALL_DEVICES, "getTenantDevices", TB_GET, "/api/tenant/devices");
    parameter(operation, "pageSize", T_INT32, TB_IN_QUERY, 0, TB_REQUIRED, B_NONE);
    parameter(operation, "page", T_INT32, TB_IN_QUERY, 1, TB_REQUIRED, B_NONE);
    parameter(operation, "type", T_STRING, TB_IN_QUERY, offsetof(small_devices_params, type), 0, B_NONE);
    parameter(operation, "textSearch", T_STRING, TB_IN_QUERY, offsetof(small_devices_params, text_search), 0,
              B_SEARCH);
    operation->flags |= TB_PAGED;
    answers(operation, TB_ANSWER_JSON, T_PAGE);
    operation = add(SMALL_SAVE, "saveDevice", TB_POST, "/api/device");
    takes(operation, TB_BODY_JSON, T_DEVICE);
    answers(operation, TB_ANSWER_JSON, T_DEVICE);
}

static void add_posts(void)
{
    tb_operation *operation = add(SMALL_TELEMETRY, "saveEntityTelemetry", TB_POST,
                                  "/api/plugins/telemetry/{entityType}/{entityId}/timeseries/{scope}");

    parameter(operation, "entityType", T_STRING, TB_IN_PATH, 0, TB_REQUIRED, B_NONE);
    parameter(operation, "entityId", T_STRING, TB_IN_PATH, 1, TB_REQUIRED, B_NONE);
    parameter(operation, "scope", T_STRING, TB_IN_PATH, 2, TB_REQUIRED, B_NONE);
    takes(operation, TB_BODY_TEXT, T_STRING);
    operation->retry = TB_RETRY_STAMPED;
    operation = add(SMALL_RPC, "twoWayRpc", TB_POST, "/api/rpc/twoway/{deviceId}");
    parameter(operation, "deviceId", T_STRING, TB_IN_PATH, 0, TB_REQUIRED, B_NONE);
    takes(operation, TB_BODY_TEXT, T_STRING);
    answers(operation, TB_ANSWER_BYTES, T_NONE);
    operation->retry = TB_RETRY_NEVER;
    operation = add(SMALL_UPLOAD, "upload", TB_POST, "/api/upload");
    takes(operation, TB_BODY_MULTIPART, T_PARTS);
    answers(operation, TB_ANSWER_JSON, T_JSON);
    operation = add(SMALL_FIND, "findDevices", TB_POST, "/api/find");
    takes(operation, TB_BODY_JSON, T_JSON);
    answers(operation, TB_ANSWER_JSON, T_PAGE);
    operation->flags |= TB_PAGED_IN_BODY;
    operation = add(SMALL_CHAT, "chat", TB_POST, "/api/chat");
    takes(operation, TB_BODY_TEXT, T_STRING);
    answers(operation, TB_ANSWER_EVENTS, T_NONE);
}

static void add_gets(void)
{
    tb_operation *operation = add(SMALL_COUNT, "count", TB_GET, "/api/count");

    answers(operation, TB_ANSWER_JSON, T_INT64);
    operation = add(SMALL_DOWNLOAD, "download", TB_GET, "/api/files/{key}");
    parameter(operation, "key", T_STRING, TB_IN_PATH, 0, TB_REQUIRED, B_NONE);
    parameter(operation, "If-None-Match", T_STRING, TB_IN_HEADER, 0, 0, B_NONE);
    answers(operation, TB_ANSWER_BINARY, T_NONE);
    answers(add(SMALL_USER, "getUser", TB_GET, "/api/auth/user"), TB_ANSWER_JSON, T_JSON);
    answers(add(SMALL_TEXT, "getText", TB_GET, "/api/text"), TB_ANSWER_BYTES, T_NONE);
    operation = add(SMALL_ANONYMOUS, "noauthInfo", TB_GET, "/api/noauth/info");
    answers(operation, TB_ANSWER_JSON, T_JSON);
    operation->flags |= TB_ANONYMOUS;
    operation = add(SMALL_SEARCH, "search", TB_GET, "/api/search");
    parameter(operation, "active", T_BOOL, TB_IN_QUERY, offsetof(small_search_params, active), 0, B_NONE);
    parameter(operation, "factor", T_DOUBLE, TB_IN_QUERY, offsetof(small_search_params, factor), 0, B_NONE);
    parameter(operation, "ids", T_STRINGS, TB_IN_QUERY, offsetof(small_search_params, ids), 0, B_NONE);
    parameter(operation, "limit", T_INT32, TB_IN_QUERY, offsetof(small_search_params, limit), 0, B_LIMIT);
    parameter(operation, "order", T_ORDER, TB_IN_QUERY, offsetof(small_search_params, order), 0, B_NONE);
    parameter(operation, "times", T_INT64S, TB_IN_QUERY, offsetof(small_search_params, times), 0, B_NONE);
    parameter(operation, "X-Trace", T_STRING, TB_IN_HEADER, offsetof(small_search_params, trace), 0, B_NONE);
    answers(operation, TB_ANSWER_JSON, T_JSON);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(pool + operations[*(const unsigned *)a].id, pool + operations[*(const unsigned *)b].id);
}

static void sort_operations(void)
{
    tb_operation sorted[SMALL_OPERATIONS];
    unsigned i;

    for (i = 0; i < SMALL_OPERATIONS; i++)
        order[i] = i;
    qsort(order, SMALL_OPERATIONS, sizeof(order[0]), by_id);
    for (i = 0; i < SMALL_OPERATIONS; i++)
        sorted[i] = operations[order[i]];
    memcpy(operations, sorted, sizeof(operations));
}

const tb_api *small_api(void)
{
    if (api.strings_size)
        return &api;
    add_schemas();
    add_devices();
    add_posts();
    add_gets();
    sort_operations();
    api.strings_size = pool_size;
    api.parameter_count = parameter_count;
    return &api;
}

unsigned small_operation(unsigned name)
{
    unsigned i;

    for (i = 0; order[i] != name; i++)
        ;
    return i;
}
