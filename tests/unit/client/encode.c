/* SPDX-License-Identifier: Apache-2.0 */
#include "client/encode.h"

#include <errno.h>
#include <math.h>

#include "base/util.h"
#include "instance.h"
#include "sample_api.h"
#include "unit.h"

static void assert_encoded(unsigned type, const void *value, const char *expected)
{
    tb_error err = TB_ERROR_INIT;
    size_t length = 0;
    char *text = NULL;
    int r = tb_encode(&sample_api, type, value, &text, &length, &err);

    ck_assert_msg(r == 0, "%s", err.message);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(length, strlen(expected));
    free(text);
    ck_assert_int_eq(tb_encode(&sample_api, type, value, &text, NULL, NULL), 0);
    free(text);
}

static void assert_refused(unsigned type, const void *value, const char *message)
{
    tb_error err = TB_ERROR_INIT;
    char *text = NULL;

    ck_assert_int_eq(tb_encode(&sample_api, type, value, &text, NULL, &err), -EINVAL);
    ck_assert_int_eq(err.code, -EINVAL);
    ck_assert_int_eq(err.kind, TB_ERROR_USAGE);
    ck_assert_str_eq(err.message, message);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(tb_encode(&sample_api, type, value, &text, NULL, NULL), -EINVAL);
}

/* Asserts that VALUE is encoded, although the document says otherwise. */
static void assert_doubtful(unsigned type, const void *value, const char *message)
{
    tb_error err = TB_ERROR_INIT;
    json_t *json;

    ck_assert_int_eq(encode_value(&sample_api, type, value, &json, NULL), 0);
    ck_assert_int_eq(tb_check(&sample_api, type, json, false, &err), -EINVAL);
    ck_assert_str_eq(err.message, message);
    json_decref(json);
}

/* Asserts that TEXT, JSON of TYPE, is the same after decoding and encoding. */
static void assert_survives(unsigned type, const char *text)
{
    tb_error err = TB_ERROR_INIT;
    json_t *before = json_loads(text, JSON_ALLOW_NUL, NULL), *after;
    void *value;
    char *encoded;

    ck_assert_msg(tb_decode(&sample_api, type, text, strlen(text), &value, &err) == 0, "%s: %s", text,
                  err.message);
    ck_assert_msg(tb_encode(&sample_api, type, value, &encoded, NULL, &err) == 0, "%s: %s", text,
                  err.message);
    after = json_loads(encoded, JSON_ALLOW_NUL, NULL);
    ck_assert_msg(json_equal(before, after), "%s became %s", text, encoded);
    json_decref(before);
    json_decref(after);
    free(encoded);
    tb_free(value);
}

START_TEST(zeros_are_a_valid_structure)
{
    assert_encoded(SAMPLE_ALL, &(sample_all){.next = NULL}, "{}");
}
END_TEST

START_TEST(every_kind_of_member)
{
    tb_int32 row[] = {TB_SET(1), TB_SET(-2)};
    tb_int32_list rows[] = {{2, row}, {0, NULL}, TB_EMPTY};
    tb_string_list list = TB_EMPTY;
    const char *labels[] = {"a", NULL};
    tb_bool bools[] = {TB_SET(true), {.value = true}};
    sample_string_list_map_entry lists[] = {{"x", list}, {"y", {0, NULL}}};
    sample_int64_map_entry inner[] = {{"i", TB_SET(INT64_MIN)}, {"u", {.value = 5}}};
    sample_int64_map_map_entry maps[] = {{"m", {2, inner}}};
    sample_dog dog = {.age = TB_SET(4), .base.name = "Rex"};
    sample_bird bird = {.base.kind = "BIRD", .song = "la"};
    sample_cat cat = {.name = "Tom"}, lion = {.kind = "LION"};
    sample_pet *pets[] = {&dog.base, NULL, &bird.base, &lion};
    sample_all all = {
        .active = TB_SET(false),
        .bools = {2, bools},
        .cat = &cat,
        .color = "GREEN",
        .dog = &dog,
        .info = json_pack("[n]"),
        .labels = {2, labels},
        .lists = {2, lists},
        .maps = {1, maps},
        .matrix = {3, rows},
        .pets = {4, pets},
        .ratio = TB_SET(0.1),
        .wide = TB_SET(INT64_MAX),
    };

    assert_refused(SAMPLE_ALL, &all, "pets[0].kind: not set; it must say which Pet this is");
    dog.base.kind = "DOG";
    assert_encoded(
        SAMPLE_ALL, &all,
        "{\"active\":false,\"bools\":[true,null],\"cat\":{\"name\":\"Tom\",\"kind\":\"CAT\"},\"color\":"
        "\"GREEN\","
        "\"dog\":{\"age\":4,\"kind\":\"DOG\",\"name\":\"Rex\"},\"info\":[null],\"labels\":[\"a\",null],"
        "\"lists\":{\"x\":[],\"y\":null},\"maps\":{\"m\":{\"i\":-9223372036854775808,\"u\":null}},"
        "\"matrix\":[[1,-2],null,[]],\"pets\":[{\"age\":4,\"kind\":\"DOG\",\"name\":\"Rex\"},null,"
        "{\"kind\":\"BIRD\",\"song\":\"la\"},{\"kind\":\"LION\"}],\"ratio\":0.1,"
        "\"wide\":9223372036854775807}");
    json_decref(all.info);
}
END_TEST

START_TEST(kept_members_are_sent)
{
    tb_member second = {.name = "name", .value = json_null()};
    tb_member first = {.next = &second, .name = "extra", .value = json_true()};
    sample_all all = {.object.kept = &first};

    assert_encoded(SAMPLE_ALL, &all, "{\"extra\":true,\"name\":null}");
    all.name = "set";
    assert_encoded(SAMPLE_ALL, &all, "{\"name\":\"set\",\"extra\":true}");
    first.value = NULL;
    assert_refused(SAMPLE_ALL, &all, "extra: a kept member without a name or value");
    first = (tb_member){.name = "wide", .value = json_true()};
    assert_encoded(SAMPLE_ALL, &all, "{\"name\":\"set\",\"wide\":true}");
    first = (tb_member){.name = "\xff", .value = json_true()};
    assert_refused(SAMPLE_ALL, &all, "?: the name is not UTF-8");
}
END_TEST

/* A base whose discriminator is unknown or wrong: only the members of the base are read. */
START_TEST(an_unknown_variant)
{
    tb_member song = {.name = "song", .value = json_true()};
    sample_pet whale = {.kind = "WHALE", .object.kept = &song};
    sample_cat dog = {.kind = "DOG"};

    assert_encoded(SAMPLE_PET, &whale, "{\"kind\":\"WHALE\",\"song\":true}");
    assert_encoded(SAMPLE_CAT, &dog, "{\"kind\":\"DOG\"}");
    assert_refused(SAMPLE_PET, &(sample_pet){.name = "x"}, "kind: not set; it must say which Pet this is");
}
END_TEST

static sample_string_map_entry note[] = {{"k", "v"}};
static const char *tags[] = {"a", "b", "c"};

START_TEST(required_members)
{
    sample_cat cat = {.name = "Tom"};
    sample_order order = {.amount = TB_SET(1),
                          .cat = &cat,
                          .info = json_null(),
                          .name = "",
                          .notes = {1, note},
                          .pet = &(sample_pet){.kind = "CAT"},
                          .tags = {1, tags}};
    tb_member null_name = {.name = "name", .value = json_null()};
    sample_order missing;

    assert_encoded(SAMPLE_ORDER, &order,
                   "{\"amount\":1,\"cat\":{\"name\":\"Tom\",\"kind\":\"CAT\"},\"info\":null,\"name\":\"\","
                   "\"notes\":{\"k\":\"v\"},"
                   "\"pet\":{\"kind\":\"CAT\"},\"tags\":[\"a\"]}");
#define MISSING(member, message)                                                                             \
    missing = order;                                                                                         \
    memset(&missing.member, 0, sizeof(missing.member));                                                      \
    assert_doubtful(SAMPLE_ORDER, &missing, message)
    MISSING(amount, "amount: required, but not set");
    MISSING(cat, "cat: required, but not set");
    MISSING(info, "info: required, but not set");
    MISSING(name, "name: required, but not set");
    MISSING(notes, "notes: required, but not set");
    MISSING(pet, "pet: required, but not set");
    MISSING(tags, "tags: required, but not set");
    missing = order;
    missing.placed = (tb_int64)TB_SET(7); /* read-only: not required, but sent back if set */
    assert_encoded(SAMPLE_ORDER, &missing,
                   "{\"amount\":1,\"cat\":{\"name\":\"Tom\",\"kind\":\"CAT\"},\"info\":null,\"name\":\"\","
                   "\"notes\":{\"k\":\"v\"},"
                   "\"pet\":{\"kind\":\"CAT\"},\"placed\":7,\"tags\":[\"a\"]}");
    missing = order;
    missing.name = NULL;
    missing.object.kept = &null_name;
    assert_doubtful(SAMPLE_ORDER, &missing, "name: required, but not set");
    order.tags.count = 2;
    assert_survives(SAMPLE_ORDER,
                    "{\"amount\":1,\"cat\":{\"kind\":\"CAT\"},\"info\":null,\"name\":\"\",\"notes\":{},"
                    "\"pet\":{\"kind\":\"CAT\"},\"tags\":[\"a\",\"b\"]}");
    order.tags.count = 3;
    assert_doubtful(SAMPLE_ORDER, &order, "tags: 3 elements, more than 2");
    order.tags.count = 0;
    assert_doubtful(SAMPLE_ORDER, &order, "tags: 0 elements, fewer than 1");
}
END_TEST

#define ALL(...) (&(sample_all){__VA_ARGS__})

START_TEST(what_json_cannot_express)
{
    const char *bad[] = {"ok", "\xc3"};
    sample_string_map_entry no_key[] = {{NULL, "v"}}, twice[] = {{"k", "v"}, {"k", "w"}},
                            bad_key[] = {{"\xff", "v"}};

    assert_refused(SAMPLE_ALL, ALL(.id = "\xed\xa0\x80"), "id: the text is not UTF-8");
    assert_refused(SAMPLE_ALL, ALL(.next = ALL(.labels = {2, bad})), "next.labels[1]: the text is not UTF-8");
    assert_refused(SAMPLE_ALL, ALL(.ratio = TB_SET((double)NAN)), "ratio: not a finite number");
    assert_refused(SAMPLE_ALL, ALL(.ratio = TB_SET((double)INFINITY)), "ratio: not a finite number");
    assert_refused(SAMPLE_ALL, ALL(.pets = {3, NULL}), "pets: 3 elements, but no items");
    assert_refused(SAMPLE_ALL, ALL(.attributes = {1, NULL}), "attributes: 1 elements, but no items");
    assert_refused(SAMPLE_ALL, ALL(.attributes = {1, no_key}), "attributes[\"\"]: the key is NULL");
    assert_refused(SAMPLE_ALL, ALL(.attributes = {2, twice}), "attributes[\"k\"]: duplicate key");
    assert_refused(SAMPLE_ALL, ALL(.attributes = {1, bad_key}), "attributes[\"?\"]: the name is not UTF-8");
    assert_refused(SAMPLE_ALL, NULL, "no value, or no such type");
    assert_refused(SAMPLE_PET_LIST, &(sample_pet_list){0, NULL}, "the value is not set");
    assert_refused(SAMPLE_INT32, &(tb_int32)TB_SET(1), "the type is not an object, list or map");
    assert_refused(SAMPLE_TYPE_COUNT, ALL(.id = "x"), "the type is not an object, list or map");
    assert_encoded(SAMPLE_PET_LIST, &(sample_pet_list)TB_EMPTY, "[]");
}
END_TEST

START_TEST(free_json_that_is_invalid)
{
    json_t *text = json_string_nocheck("\xff");

    assert_refused(
        SAMPLE_ALL, ALL(.info = text),
        "out of memory, or free JSON that is not UTF-8, contains itself, or has no JSON after TB_VERBATIM");
    json_decref(text);
}
END_TEST

/* Structures that contain themselves end at the same depth as others. */
START_TEST(the_maximum_depth)
{
    static sample_all chain[TB_CODEC_DEPTH_MAX + 1];
    tb_error err = TB_ERROR_INIT;
    char *text;
    int i;

    for (i = 0; i < TB_CODEC_DEPTH_MAX - 1; i++)
        chain[i].next = &chain[i + 1];
    ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, chain, &text, NULL, &err), 0);
    free(text);
    chain[TB_CODEC_DEPTH_MAX - 1].next = &chain[TB_CODEC_DEPTH_MAX];
    ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, chain, &text, NULL, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "next.next: nested more than 64 levels deep"));
    chain[0].next = chain;
    ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_ALL, chain, &text, NULL, NULL), -EINVAL);
}
END_TEST

START_TEST(doubles_are_preserved)
{
    int i;

    for (i = 0; i < 20000; i++) {
        uint64_t bits = (uint64_t)unit_random() << 32 | unit_random();
        tb_double number = {.set = true};
        tb_double_list list = {1, &number}, *back;
        char *text;

        memcpy(&number.value, &bits, sizeof(bits));
        if (!isfinite(number.value))
            continue;
        ck_assert_int_eq(tb_encode(&sample_api, SAMPLE_DOUBLE_LIST, &list, &text, NULL, NULL), 0);
        ck_assert_int_eq(tb_decode(&sample_api, SAMPLE_DOUBLE_LIST, text, strlen(text), (void **)&back, NULL),
                         0);
        ck_assert_msg(memcmp(&back->items[0].value, &number.value, 8) == 0, "%s", text);
        tb_free(back);
        free(text);
    }
}
END_TEST

START_TEST(nothing_is_lost)
{
    assert_survives(SAMPLE_ALL, "{}");
    assert_survives(SAMPLE_ALL, "{\"name\":null,\"zeta\":{\"a\":null},\"pets\":null,\"info\":null,\"plain\":"
                                "null,\"u\":\"a\\u0000\"}");
    assert_survives(
        SAMPLE_ALL,
        "{\"pet\":{\"kind\":\"WHALE\",\"age\":\"x\",\"deep\":[{}]},\"dog\":{\"kind\":\"DOG\",\"new\":1}}");
    assert_survives(SAMPLE_ALL,
                    "{\"color\":\"BLUE\",\"code\":77,\"dog\":{\"kind\":\"CAT\",\"age\":1,\"song\":2}}");
    assert_survives(SAMPLE_ORDER, "{\"name\":null,\"pet\":{\"kind\":null},\"tags\":[]}");
    assert_survives(SAMPLE_PET, "{\"name\":\"too long a name\"}");
    assert_survives(SAMPLE_PET_MAP, "{\"\":{\"kind\":\"BIRD\",\"song\":\"\"},\"n\":null}");
    assert_survives(SAMPLE_JSON_MAP_LIST, "[null,{},{\"a\":null,\"b\":[1.5,\"\xe2\x82\xac\"]}]");
}
END_TEST

/* Generated values of every type are preserved, with members and values that only a newer server has. */
START_TEST(generated_values)
{
    unsigned type, mode, seed;

    for (type = 1; type < SAMPLE_TYPE_COUNT; type++) {
        if (sample_api.types[type].kind < TB_KIND_OBJECT || sample_api.types[type].kind == TB_KIND_PART)
            continue;
        for (mode = 0; mode < 64; mode++) {
            for (seed = 0; seed < 8; seed++) {
                const struct instance_options options = {.seed = seed,
                                                         .all_members = mode & 1,
                                                         .depth = 4,
                                                         .unknown_members = mode & 2,
                                                         .unknown_values = mode & 4,
                                                         .unknown_variants = mode & 8,
                                                         .nulls = mode & 16};
                json_t *value = instance_make(&sample_api, type, &options);
                char *text = json_dumps(value, JSON_REAL_PRECISION(17));

                ck_assert_int_eq(tb_check(&sample_api, type, value, false, NULL), 0);
                assert_survives(type, text);
                free(text);
                json_decref(value);
            }
        }
    }
}
END_TEST

UNIT_SUITE(encode)
{
    TCase *tests;
    Suite *suite = unit_suite_create("encode", &tests);

    tcase_add_test(tests, zeros_are_a_valid_structure);
    tcase_add_test(tests, every_kind_of_member);
    tcase_add_test(tests, kept_members_are_sent);
    tcase_add_test(tests, an_unknown_variant);
    tcase_add_test(tests, required_members);
    tcase_add_test(tests, what_json_cannot_express);
    tcase_add_test(tests, free_json_that_is_invalid);
    tcase_add_test(tests, the_maximum_depth);
    tcase_add_test(tests, doubles_are_preserved);
    tcase_add_test(tests, nothing_is_lost);
    tcase_add_test(tests, generated_values);
    return suite;
}
