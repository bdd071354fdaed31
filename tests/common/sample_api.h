/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small API, written by hand as gen/tbgen would write it, with a schema of every kind.
 */
#ifndef TB_TESTS_SAMPLE_API_H
#define TB_TESTS_SAMPLE_API_H

#include <tbclient/table.h>
#include <tbclient/value.h>

/* A base. Variants: CAT and LION are cats, without members of their own; DOG; BIRD. */
typedef struct {
    tb_object object;
    const char *kind;
    const char *name; /* at most 4 characters */
} sample_pet;

typedef sample_pet sample_cat;

typedef struct {
    sample_pet base;
    tb_int32 age;
    sample_pet *friend;
} sample_dog;

typedef struct {
    sample_pet base;
    const char *song;
} sample_bird;

typedef struct {
    size_t count;
    sample_pet **items;
} sample_pet_list;

typedef struct {
    const char *key;
    sample_pet *value;
} sample_pet_map_entry;

typedef struct {
    size_t count;
    sample_pet_map_entry *items;
} sample_pet_map;

typedef struct {
    size_t count;
    tb_int32_list *items;
} sample_int32_list_list;

typedef struct {
    const char *key;
    const char *value;
} sample_string_map_entry;

typedef struct {
    size_t count;
    sample_string_map_entry *items;
} sample_string_map;

typedef struct {
    const char *key;
    tb_string_list value;
} sample_string_list_map_entry;

typedef struct {
    size_t count;
    sample_string_list_map_entry *items;
} sample_string_list_map;

typedef struct {
    const char *key;
    tb_int64 value;
} sample_int64_map_entry;

typedef struct {
    size_t count;
    sample_int64_map_entry *items;
} sample_int64_map;

typedef struct {
    const char *key;
    sample_int64_map value;
} sample_int64_map_map_entry;

typedef struct {
    size_t count;
    sample_int64_map_map_entry *items;
} sample_int64_map_map;

typedef struct {
    const char *key;
    json_t *value;
} sample_json_map_entry;

typedef struct {
    size_t count;
    sample_json_map_entry *items;
} sample_json_map;

typedef struct {
    size_t count;
    sample_json_map *items;
} sample_json_map_list;

/* No member is required. */
typedef struct sample_all {
    tb_object object;
    tb_bool active;
    sample_string_map attributes; /* 1 or 2 members */
    tb_bool_list bools;
    sample_cat *cat;
    tb_int32 code;     /* of the enumeration 1, 2 */
    const char *color; /* of the enumeration RED, GREEN */
    tb_int32 count;    /* -5 to 10 */
    const char *data;  /* base64 */
    sample_dog *dog;
    tb_double_list doubles;
    const char *id; /* a UUID */
    json_t *info;
    tb_json_list jsons;
    tb_string_list labels; /* 1 to 3, unique */
    sample_string_list_map lists;
    tb_int64_list longs;
    sample_int64_map_map maps;
    sample_int32_list_list matrix;
    const char *name; /* 2 to 5 characters */
    struct sample_all *next;
    tb_int32_list numbers;
    tb_int32 plain;
    sample_pet *pet;
    sample_pet_map pet_map;
    sample_pet_list pets;
    tb_double ratio; /* 0 to 100 */
    tb_int64 total;  /* at most 2^53 */
    sample_json_map_list values;
    tb_int64 wide;
} sample_all;

/* All members are required. */
typedef struct {
    tb_object object;
    tb_int64 amount;
    sample_cat *cat;
    json_t *info;
    const char *name;
    sample_string_map notes;
    sample_pet *pet;
    tb_int64 placed;     /* read-only */
    tb_string_list tags; /* 1 or 2 */
} sample_order;

enum {
    SAMPLE_NONE,
    SAMPLE_STRING,
    SAMPLE_BOOL,
    SAMPLE_INT32,
    SAMPLE_INT64,
    SAMPLE_DOUBLE,
    SAMPLE_JSON,
    SAMPLE_UUID,
    SAMPLE_BASE64,
    SAMPLE_COLOR,
    SAMPLE_CODE,
    SAMPLE_ALL,
    SAMPLE_BIRD,
    SAMPLE_CAT,
    SAMPLE_DOG,
    SAMPLE_ORDER,
    SAMPLE_PET,
    SAMPLE_STRING_LIST,
    SAMPLE_BOOL_LIST,
    SAMPLE_INT32_LIST,
    SAMPLE_INT64_LIST,
    SAMPLE_DOUBLE_LIST,
    SAMPLE_JSON_LIST,
    SAMPLE_PET_LIST,
    SAMPLE_INT32_LIST_LIST,
    SAMPLE_STRING_MAP,
    SAMPLE_INT64_MAP,
    SAMPLE_JSON_MAP,
    SAMPLE_PET_MAP,
    SAMPLE_STRING_LIST_MAP,
    SAMPLE_INT64_MAP_MAP,
    SAMPLE_JSON_MAP_LIST,
    SAMPLE_ALL_LIST,
    SAMPLE_PART,
    SAMPLE_TYPE_COUNT
};

/* Rows of bounds. */
enum {
    SAMPLE_UNBOUNDED,
    SAMPLE_COUNT_BOUNDS,
    SAMPLE_RATIO_BOUNDS,
    SAMPLE_NAME_BOUNDS,
    SAMPLE_LABELS_BOUNDS,
    SAMPLE_ATTRIBUTES_BOUNDS,
    SAMPLE_PET_NAME_BOUNDS,
    SAMPLE_TOTAL_BOUNDS,
    SAMPLE_TAGS_BOUNDS,
    SAMPLE_BOUNDS_COUNT
};

extern const tb_api sample_api;

#endif
