/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_api.h"

#include <stddef.h>

#include "base/util.h"

/* The pool of texts: one after the other, each with its NUL. */
/* clang-format off */
#define TEXTS \
    X(active, "active") X(attributes, "attributes") X(bools, "bools") X(cat, "cat") X(code, "code") \
    X(color, "color") X(count, "count") X(data, "data") X(dog, "dog") X(doubles, "doubles") X(id, "id") \
    X(info, "info") X(jsons, "jsons") X(labels, "labels") X(lists, "lists") X(longs, "longs") \
    X(maps, "maps") X(matrix, "matrix") X(name, "name") X(next, "next") X(numbers, "numbers") \
    X(pet, "pet") X(petMap, "petMap") X(pets, "pets") X(plain, "plain") X(ratio, "ratio") \
    X(total, "total") X(values, "values") X(wide, "wide") X(All, "All") X(kind, "kind") X(song, "song") \
    X(Bird, "Bird") X(BIRD, "BIRD") X(Cat, "Cat") X(CAT, "CAT") X(age, "age") X(friend, "friend") \
    X(Dog, "Dog") X(DOG, "DOG") X(amount, "amount") X(notes, "notes") X(tags, "tags") X(Order, "Order") \
    X(Pet, "Pet") X(LION, "LION") X(Code, "Code") X(Color, "Color") X(RED, "RED") X(GREEN, "GREEN") \
    X(deletePet, "deletePet") X(getAll, "getAll") X(saveAll, "saveAll") X(one, "1") X(two, "2") \
    X(placed, "placed")
/* clang-format on */

static const struct texts {
    char none[1];
#define X(id, text) char id[sizeof(text)];
    TEXTS
#undef X
} texts = {"",
#define X(id, text) text,
           TEXTS
#undef X
};

#define TEXT(id) offsetof(struct texts, id)

/* Schemas in the order of their rows. */
enum { ALL, BIRD, CAT, DOG, ORDER, PET, SCHEMA_COUNT };

static const tb_operation operations[] = {
    {.id = TEXT(deletePet), .method = TB_DELETE},
    {.id = TEXT(getAll), .method = TB_GET, .answer = TB_ANSWER_JSON, .answer_type = SAMPLE_ALL},
    {.id = TEXT(saveAll), .method = TB_POST, .body = TB_BODY_JSON, .body_type = SAMPLE_ALL},
};

static const struct tb_type types[SAMPLE_TYPE_COUNT] = {
    [SAMPLE_NONE] = {TB_KIND_NONE, 0, 0},
    [SAMPLE_STRING] = {TB_KIND_STRING, 0, 0},
    [SAMPLE_BOOL] = {TB_KIND_BOOL, 0, 0},
    [SAMPLE_INT32] = {TB_KIND_INT32, 0, 0},
    [SAMPLE_INT64] = {TB_KIND_INT64, 0, 0},
    [SAMPLE_DOUBLE] = {TB_KIND_DOUBLE, 0, 0},
    [SAMPLE_JSON] = {TB_KIND_JSON, 0, 0},
    [SAMPLE_UUID] = {TB_KIND_STRING, TB_FORMAT_UUID, 0},
    [SAMPLE_BASE64] = {TB_KIND_STRING, TB_FORMAT_BASE64, 0},
    [SAMPLE_COLOR] = {TB_KIND_STRING, 0, 2},
    [SAMPLE_CODE] = {TB_KIND_INT32, 0, 1},
    [SAMPLE_ALL] = {TB_KIND_OBJECT, 0, ALL},
    [SAMPLE_BIRD] = {TB_KIND_OBJECT, 0, BIRD},
    [SAMPLE_CAT] = {TB_KIND_OBJECT, 0, CAT},
    [SAMPLE_DOG] = {TB_KIND_OBJECT, 0, DOG},
    [SAMPLE_ORDER] = {TB_KIND_OBJECT, 0, ORDER},
    [SAMPLE_PET] = {TB_KIND_OBJECT, 0, PET},
    [SAMPLE_STRING_LIST] = {TB_KIND_LIST, 0, SAMPLE_STRING},
    [SAMPLE_BOOL_LIST] = {TB_KIND_LIST, 0, SAMPLE_BOOL},
    [SAMPLE_INT32_LIST] = {TB_KIND_LIST, 0, SAMPLE_INT32},
    [SAMPLE_INT64_LIST] = {TB_KIND_LIST, 0, SAMPLE_INT64},
    [SAMPLE_DOUBLE_LIST] = {TB_KIND_LIST, 0, SAMPLE_DOUBLE},
    [SAMPLE_JSON_LIST] = {TB_KIND_LIST, 0, SAMPLE_JSON},
    [SAMPLE_PET_LIST] = {TB_KIND_LIST, 0, SAMPLE_PET},
    [SAMPLE_INT32_LIST_LIST] = {TB_KIND_LIST, 0, SAMPLE_INT32_LIST},
    [SAMPLE_JSON_MAP_LIST] = {TB_KIND_LIST, 0, SAMPLE_JSON_MAP},
    [SAMPLE_ALL_LIST] = {TB_KIND_LIST, 0, SAMPLE_ALL},
    [SAMPLE_STRING_MAP] = {TB_KIND_MAP, 0, SAMPLE_STRING},
    [SAMPLE_INT64_MAP] = {TB_KIND_MAP, 0, SAMPLE_INT64},
    [SAMPLE_JSON_MAP] = {TB_KIND_MAP, 0, SAMPLE_JSON},
    [SAMPLE_PET_MAP] = {TB_KIND_MAP, 0, SAMPLE_PET},
    [SAMPLE_STRING_LIST_MAP] = {TB_KIND_MAP, 0, SAMPLE_STRING_LIST},
    [SAMPLE_INT64_MAP_MAP] = {TB_KIND_MAP, 0, SAMPLE_INT64_MAP},
    [SAMPLE_PART] = {TB_KIND_PART, 0, 0},
};

static const struct tb_schema schemas[SCHEMA_COUNT] = {
    {TEXT(All), 0, 0, 29, sizeof(sample_all), 0, 0, 0, 0},
    {TEXT(Bird), TEXT(BIRD), 29, 3, sizeof(sample_bird), PET + 1, 0, 0, TEXT(kind)},
    {TEXT(Cat), TEXT(CAT), 32, 2, sizeof(sample_cat), PET + 1, 0, 0, TEXT(kind)},
    {TEXT(Dog), TEXT(DOG), 34, 4, sizeof(sample_dog), PET + 1, 0, 0, TEXT(kind)},
    {TEXT(Order), 0, 38, 8, sizeof(sample_order), 0, 0, 0, 0},
    {TEXT(Pet), 0, 46, 2, sizeof(sample_pet), 0, 0, 4, TEXT(kind)},
};

static const struct tb_field fields[] = {
    /* All */
    {TEXT(active), SAMPLE_BOOL, offsetof(sample_all, active), SAMPLE_UNBOUNDED, 0},
    {TEXT(attributes), SAMPLE_STRING_MAP, offsetof(sample_all, attributes), SAMPLE_ATTRIBUTES_BOUNDS, 0},
    {TEXT(bools), SAMPLE_BOOL_LIST, offsetof(sample_all, bools), SAMPLE_UNBOUNDED, 0},
    {TEXT(cat), SAMPLE_CAT, offsetof(sample_all, cat), SAMPLE_UNBOUNDED, 0},
    {TEXT(code), SAMPLE_CODE, offsetof(sample_all, code), SAMPLE_UNBOUNDED, 0},
    {TEXT(color), SAMPLE_COLOR, offsetof(sample_all, color), SAMPLE_UNBOUNDED, 0},
    {TEXT(count), SAMPLE_INT32, offsetof(sample_all, count), SAMPLE_COUNT_BOUNDS, 0},
    {TEXT(data), SAMPLE_BASE64, offsetof(sample_all, data), SAMPLE_UNBOUNDED, 0},
    {TEXT(dog), SAMPLE_DOG, offsetof(sample_all, dog), SAMPLE_UNBOUNDED, 0},
    {TEXT(doubles), SAMPLE_DOUBLE_LIST, offsetof(sample_all, doubles), SAMPLE_UNBOUNDED, 0},
    {TEXT(id), SAMPLE_UUID, offsetof(sample_all, id), SAMPLE_UNBOUNDED, 0},
    {TEXT(info), SAMPLE_JSON, offsetof(sample_all, info), SAMPLE_UNBOUNDED, 0},
    {TEXT(jsons), SAMPLE_JSON_LIST, offsetof(sample_all, jsons), SAMPLE_UNBOUNDED, 0},
    {TEXT(labels), SAMPLE_STRING_LIST, offsetof(sample_all, labels), SAMPLE_LABELS_BOUNDS, 0},
    {TEXT(lists), SAMPLE_STRING_LIST_MAP, offsetof(sample_all, lists), SAMPLE_UNBOUNDED, 0},
    {TEXT(longs), SAMPLE_INT64_LIST, offsetof(sample_all, longs), SAMPLE_UNBOUNDED, 0},
    {TEXT(maps), SAMPLE_INT64_MAP_MAP, offsetof(sample_all, maps), SAMPLE_UNBOUNDED, 0},
    {TEXT(matrix), SAMPLE_INT32_LIST_LIST, offsetof(sample_all, matrix), SAMPLE_UNBOUNDED, 0},
    {TEXT(name), SAMPLE_STRING, offsetof(sample_all, name), SAMPLE_NAME_BOUNDS, 0},
    {TEXT(next), SAMPLE_ALL, offsetof(sample_all, next), SAMPLE_UNBOUNDED, 0},
    {TEXT(numbers), SAMPLE_INT32_LIST, offsetof(sample_all, numbers), SAMPLE_UNBOUNDED, 0},
    {TEXT(pet), SAMPLE_PET, offsetof(sample_all, pet), SAMPLE_UNBOUNDED, 0},
    {TEXT(petMap), SAMPLE_PET_MAP, offsetof(sample_all, pet_map), SAMPLE_UNBOUNDED, 0},
    {TEXT(pets), SAMPLE_PET_LIST, offsetof(sample_all, pets), SAMPLE_UNBOUNDED, 0},
    {TEXT(plain), SAMPLE_INT32, offsetof(sample_all, plain), SAMPLE_UNBOUNDED, 0},
    {TEXT(ratio), SAMPLE_DOUBLE, offsetof(sample_all, ratio), SAMPLE_RATIO_BOUNDS, 0},
    {TEXT(total), SAMPLE_INT64, offsetof(sample_all, total), SAMPLE_TOTAL_BOUNDS, 0},
    {TEXT(values), SAMPLE_JSON_MAP_LIST, offsetof(sample_all, values), SAMPLE_UNBOUNDED, 0},
    {TEXT(wide), SAMPLE_INT64, offsetof(sample_all, wide), SAMPLE_UNBOUNDED, 0},
    /* Bird */
    {TEXT(kind), SAMPLE_STRING, offsetof(sample_bird, base.kind), SAMPLE_UNBOUNDED,
     TB_REQUIRED | TB_DISCRIMINATOR},
    {TEXT(name), SAMPLE_STRING, offsetof(sample_bird, base.name), SAMPLE_PET_NAME_BOUNDS, 0},
    {TEXT(song), SAMPLE_STRING, offsetof(sample_bird, song), SAMPLE_UNBOUNDED, 0},
    /* Cat */
    {TEXT(kind), SAMPLE_STRING, offsetof(sample_cat, kind), SAMPLE_UNBOUNDED, TB_REQUIRED | TB_DISCRIMINATOR},
    {TEXT(name), SAMPLE_STRING, offsetof(sample_cat, name), SAMPLE_PET_NAME_BOUNDS, 0},
    /* Dog */
    {TEXT(age), SAMPLE_INT32, offsetof(sample_dog, age), SAMPLE_UNBOUNDED, 0},
    {TEXT(friend), SAMPLE_PET, offsetof(sample_dog, friend), SAMPLE_UNBOUNDED, 0},
    {TEXT(kind), SAMPLE_STRING, offsetof(sample_dog, base.kind), SAMPLE_UNBOUNDED,
     TB_REQUIRED | TB_DISCRIMINATOR},
    {TEXT(name), SAMPLE_STRING, offsetof(sample_dog, base.name), SAMPLE_PET_NAME_BOUNDS, 0},
    /* Order */
    {TEXT(amount), SAMPLE_INT64, offsetof(sample_order, amount), SAMPLE_UNBOUNDED, TB_REQUIRED},
    {TEXT(cat), SAMPLE_CAT, offsetof(sample_order, cat), SAMPLE_UNBOUNDED, TB_REQUIRED},
    {TEXT(info), SAMPLE_JSON, offsetof(sample_order, info), SAMPLE_UNBOUNDED, TB_REQUIRED},
    {TEXT(name), SAMPLE_STRING, offsetof(sample_order, name), SAMPLE_UNBOUNDED, TB_REQUIRED},
    {TEXT(notes), SAMPLE_STRING_MAP, offsetof(sample_order, notes), SAMPLE_UNBOUNDED, TB_REQUIRED},
    {TEXT(pet), SAMPLE_PET, offsetof(sample_order, pet), SAMPLE_UNBOUNDED, TB_REQUIRED},
    {TEXT(placed), SAMPLE_INT64, offsetof(sample_order, placed), SAMPLE_UNBOUNDED,
     TB_REQUIRED | TB_READ_ONLY},
    {TEXT(tags), SAMPLE_STRING_LIST, offsetof(sample_order, tags), SAMPLE_TAGS_BOUNDS, TB_REQUIRED},
    /* Pet */
    {TEXT(kind), SAMPLE_STRING, offsetof(sample_pet, kind), SAMPLE_UNBOUNDED, TB_REQUIRED | TB_DISCRIMINATOR},
    {TEXT(name), SAMPLE_STRING, offsetof(sample_pet, name), SAMPLE_PET_NAME_BOUNDS, 0},
};

static const struct tb_variant variants[] = {
    {TEXT(BIRD), BIRD},
    {TEXT(CAT), CAT},
    {TEXT(DOG), DOG},
    {TEXT(LION), CAT},
};

static const struct tb_enum enums[] = {
    {TEXT(Code), 0, 2},
    {TEXT(Color), 2, 2},
};

static const uint32_t enum_values[] = {TEXT(one), TEXT(two), TEXT(RED), TEXT(GREEN)};

static const struct tb_bounds bounds[SAMPLE_BOUNDS_COUNT] = {
    [SAMPLE_UNBOUNDED] = {INT64_MIN, INT64_MAX, 0, UINT32_MAX, 0, 0},
    [SAMPLE_COUNT_BOUNDS] = {-5, 10, 0, UINT32_MAX, 0, 0},
    [SAMPLE_RATIO_BOUNDS] = {0, 100, 0, UINT32_MAX, 0, 0},
    [SAMPLE_NAME_BOUNDS] = {INT64_MIN, INT64_MAX, 2, 5, 0, 0},
    [SAMPLE_LABELS_BOUNDS] = {INT64_MIN, INT64_MAX, 1, 3, 0, 1},
    [SAMPLE_ATTRIBUTES_BOUNDS] = {INT64_MIN, INT64_MAX, 1, 2, 0, 0},
    [SAMPLE_PET_NAME_BOUNDS] = {INT64_MIN, INT64_MAX, 0, 4, 0, 0},
    [SAMPLE_TOTAL_BOUNDS] = {INT64_MIN, INT64_C(9007199254740992), 0, UINT32_MAX, 0, 0},
    [SAMPLE_TAGS_BOUNDS] = {INT64_MIN, INT64_MAX, 1, 2, 0, 0},
};

const tb_api sample_api = {
    .edition = "SAMPLE",
    .version = "1",
    .strings = (const char *)&texts,
    .operations = operations,
    .types = types,
    .schemas = schemas,
    .fields = fields,
    .variants = variants,
    .enums = enums,
    .enum_values = enum_values,
    .bounds = bounds,
    .strings_size = sizeof(texts),
    .operation_count = ARRAY_SIZE(operations),
    .type_count = SAMPLE_TYPE_COUNT,
    .schema_count = SCHEMA_COUNT,
    .field_count = ARRAY_SIZE(fields),
    .variant_count = ARRAY_SIZE(variants),
    .enum_count = ARRAY_SIZE(enums),
    .enum_value_count = ARRAY_SIZE(enum_values),
    .bounds_count = SAMPLE_BOUNDS_COUNT,
};
