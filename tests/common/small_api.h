/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small API, written by hand, with some operations of ThingsBoard and one of every form.
 */
#ifndef TB_TESTS_SMALL_API_H
#define TB_TESTS_SMALL_API_H

#include <tbclient/table.h>
#include <tbclient/value.h>

enum {
    SMALL_CHAT,      /* POST /api/chat: text, event stream */
    SMALL_COUNT,     /* GET /api/count: a long */
    SMALL_DELETE,    /* DELETE /api/device/{deviceId} */
    SMALL_DOWNLOAD,  /* GET /api/files/{key}: download, If-None-Match */
    SMALL_DEVICE,    /* GET /api/device/{deviceId} */
    SMALL_DEVICES,   /* GET /api/tenant/devices: paged */
    SMALL_USER,      /* GET /api/auth/user: free JSON */
    SMALL_TEXT,      /* GET /api/text: bytes */
    SMALL_ANONYMOUS, /* GET /api/noauth/info: free JSON */
    SMALL_SAVE,      /* POST /api/device */
    SMALL_TELEMETRY, /* POST /api/plugins/telemetry/{entityType}/{entityId}/timeseries/{scope}: text, stamped
                      */
    SMALL_SEARCH,    /* GET /api/search: a parameter of each type */
    SMALL_RPC,       /* POST /api/rpc/twoway/{deviceId}: text, never retried */
    SMALL_UPLOAD,    /* POST /api/upload: multipart */
    SMALL_FIND,      /* POST /api/find: pages that are counted in the body */
    SMALL_OPERATIONS,
};

typedef struct {
    tb_object object;
    tb_int64 created_time;
    json_t *id;
    const char *name; /* required, at most 20 characters */
    const char *type;
} small_device;

typedef struct {
    size_t count;
    small_device **items;
} small_device_list;

typedef struct {
    tb_object object;
    small_device_list data;
    tb_bool has_next;
} small_page;

typedef struct {
    tb_object object;
    tb_part file; /* required */
    const char *title;
} small_parts;

typedef struct {
    const void *reserved;
    const char *text_search; /* at most 10 characters */
    const char *type;
} small_devices_params;

typedef struct {
    const void *reserved;
    tb_bool active;
    tb_double factor;
    tb_string_list ids;
    tb_int32 limit;    /* 1 to 100 */
    const char *order; /* an enumeration */
    const char *trace; /* a header, X-Trace */
    tb_int64_list times;
} small_search_params;

/* Built at the first call; from one thread. */
const tb_api *small_api(void);

/* The index of an operation: they are sorted by id, not as above. */
unsigned small_operation(unsigned name);

#endif
