/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API as data: gen/tbgen writes it for one edition and version, and the library interprets it. Programs
 * can read it to list, describe or check operations. It is constant, and only tb_api has pointers, so all
 * processes share it and it needs no work at start.
 *
 * Texts are offsets into the pool STRINGS; 0 is the empty text and means "none". References to rows are
 * indexes.
 */
#ifndef TBCLIENT_TABLE_H
#define TBCLIENT_TABLE_H

#include <stdint.h>

#include <tbclient/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tb_kind {
    TB_KIND_NONE,   /* no value */
    TB_KIND_STRING, /* const char * */
    TB_KIND_BOOL,   /* tb_bool */
    TB_KIND_INT32,  /* tb_int32 */
    TB_KIND_INT64,  /* tb_int64 */
    TB_KIND_DOUBLE, /* tb_double */
    TB_KIND_JSON,   /* json_t *, any value */
    TB_KIND_OBJECT, /* pointer to the structure of the schema OF, or of one of its variants */
    TB_KIND_LIST,   /* {size_t count; T *items}, where T is a value of type OF */
    TB_KIND_MAP,    /* {size_t count; struct {const char *key; T value;} *items} */
    TB_KIND_PART,   /* tb_part, in multipart bodies only */
};

enum tb_format { TB_FORMAT_NONE, TB_FORMAT_UUID, TB_FORMAT_BASE64 };

struct tb_type {
    uint8_t kind;   /* enum tb_kind */
    uint8_t format; /* enum tb_format, of strings */
    uint16_t of;    /* OBJECT: schema; LIST, MAP: type; STRING, INT32: enumeration + 1, or 0 */
};

struct tb_enum {
    uint32_t name;
    uint16_t first_value; /* in enum_values */
    uint16_t value_count;
};

/* Bounds of a value. */
struct tb_bounds {
    int64_t minimum, maximum;        /* numbers; INT64_MIN, INT64_MAX: unbounded */
    uint32_t min_length, max_length; /* strings, in characters; lists, in elements; maps, in members */
    uint32_t pattern;                /* documentation only: the syntax is Java's */
    uint8_t unique;                  /* lists: no duplicates */
};

enum {
    TB_REQUIRED = 1 << 0,
    TB_READ_ONLY = 1 << 1,
    TB_WRITE_ONLY = 1 << 2,
    TB_DEPRECATED = 1 << 3,
    TB_DISCRIMINATOR = 1 << 4, /* of fields: names the variant */
};

struct tb_field {
    uint32_t name;   /* in JSON */
    uint16_t type;   /* in types */
    uint16_t offset; /* in the structure */
    uint16_t bounds; /* in bounds; row 0: unbounded */
    uint8_t flags;   /* TB_REQUIRED, ... */
};

struct tb_schema {
    uint32_t name;
    uint32_t value;       /* of a variant: the (first) value of its discriminator */
    uint16_t first_field; /* in fields, with those of the base; sorted by name (strcmp) */
    uint16_t field_count;
    uint16_t size;          /* of the structure */
    uint16_t base;          /* of a variant: schema index of its base + 1; else 0 */
    uint16_t first_variant; /* of a base: in variants, sorted by value (strcmp) */
    uint16_t variant_count;
    uint32_t discriminator; /* of a base or a variant: name of the member; else 0 */
};

struct tb_variant {
    uint32_t value; /* of the discriminator */
    uint16_t schema;
};

enum tb_location { TB_IN_PATH, TB_IN_QUERY, TB_IN_HEADER };

struct tb_parameter {
    uint32_t name;          /* on the wire */
    uint32_t default_value; /* as text; documentation only */
    uint16_t type;          /* a scalar, or a list of scalars, for which the name is repeated */
    uint16_t slot;          /* required: index in ARGUMENTS; optional: offset in PARAMS (tb_invoke()) */
    uint16_t bounds;
    uint8_t location; /* enum tb_location */
    uint8_t flags;    /* TB_REQUIRED, TB_DEPRECATED */
};

enum tb_method { TB_GET, TB_POST, TB_PUT, TB_PATCH, TB_DELETE, TB_HEAD, TB_OPTIONS };

enum tb_body { TB_BODY_NONE, TB_BODY_JSON, TB_BODY_TEXT, TB_BODY_MULTIPART };

enum tb_answer {
    TB_ANSWER_NONE,   /* nothing */
    TB_ANSWER_JSON,   /* a value of type answer_type */
    TB_ANSWER_BYTES,  /* text, or a string declared as JSON that may not be JSON: tb_bytes */
    TB_ANSWER_BINARY, /* a download: tb_sink */
    TB_ANSWER_EVENTS, /* text/event-stream: tb_sink */
};

/* Whether a call may be retried after a 429. ThingsBoard checks its rate limit again when an asynchronous
 * operation has completed, and may then answer 429 although it has executed it. */
enum tb_retry {
    TB_RETRY_FREE,    /* yes: a second execution does no harm, or the first was refused */
    TB_RETRY_STAMPED, /* telemetry: yes, once every value has a timestamp */
    TB_RETRY_NEVER,   /* no: it would act twice */
};

enum {
    TB_ANONYMOUS = 1 << 0, /* needs no authentication */
    TB_OPERATION_DEPRECATED = 1 << 1,
    TB_PAGED = 1 << 2, /* has page and pageSize, and answers an object with data and hasNext */
    TB_BODY_REQUIRED = 1 << 3,
    TB_ASYNCHRONOUS = 1 << 4, /* takes two tokens of the server's rate limit */
    TB_CREDENTIAL = 1 << 5, /* its answer contains a credential, or it changes the session's own; or it may */
    TB_ATTRIBUTE_WRITE =
        1 << 6,       /* its body is an object of attributes, which replace those with the same key */
    TB_ACTS = 1 << 7, /* changes something, although it is a GET */
    TB_PAGED_IN_BODY =
        1 << 8, /* like TB_PAGED, but page and pageSize are in pageLink, a member of the body */
};

struct tb_operation {
    uint32_t id;              /* "saveDevice" */
    uint32_t path;            /* "/api/device/{deviceId}" */
    uint32_t tag;             /* "device-controller" */
    uint32_t answer_media;    /* declared media type of the answer */
    uint16_t first_parameter; /* in parameters, in the order of the document */
    uint16_t body_type;       /* in types */
    uint16_t answer_type;
    uint16_t flags; /* TB_ANONYMOUS, ... */
    uint8_t parameter_count;
    uint8_t method;         /* enum tb_method */
    uint8_t body;           /* enum tb_body */
    uint8_t answer;         /* enum tb_answer */
    uint8_t retry;          /* enum tb_retry */
    uint8_t body_slot;      /* index of the body in ARGUMENTS (tb_invoke()) */
    uint8_t argument_count; /* required parameters of path, query and headers, then the body */
};

struct tb_api {
    const char *edition; /* "CE", "PE", "PAAS" */
    const char *version; /* "4.4.0" */
    const char *strings;
    const struct tb_operation *operations; /* sorted by id (strcmp) */
    const struct tb_parameter *parameters;
    const struct tb_type *types;     /* row 0: TB_KIND_NONE */
    const struct tb_schema *schemas; /* sorted by name (strcmp) */
    const struct tb_field *fields;
    const struct tb_variant *variants;
    const struct tb_enum *enums; /* sorted by name (strcmp) */
    const uint32_t *enum_values; /* texts */
    const struct tb_bounds *bounds;
    uint32_t strings_size;
    uint16_t operation_count, parameter_count, type_count, schema_count, field_count, variant_count,
        enum_count, enum_value_count, bounds_count;
};

typedef struct tb_api tb_api;
typedef struct tb_operation tb_operation;

/* Returns the operation called ID, or NULL. */
TB_PUBLIC const tb_operation *tb_operation_find(const tb_api *api, const char *id);

/* Returns "GET", ... */
TB_PUBLIC const char *tb_method_name(enum tb_method method);

#ifdef __cplusplus
}
#endif

#endif
