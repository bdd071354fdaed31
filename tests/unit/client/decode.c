/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decode.h"

#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "sample_api.h"
#include "unit.h"

static void *decode(unsigned type, const char *text)
{
    tb_error err = TB_ERROR_INIT;
    void *value = NULL;
    int r = tb_decode(&sample_api, type, text, strlen(text), &value, &err);

    ck_assert_msg(r == 0, "%s: %s", text, err.message);
    ck_assert_int_eq(err.code, 0);
    return value;
}

static void assert_refused(unsigned type, const char *text, const char *message)
{
    tb_error err = TB_ERROR_INIT;
    void *value = &err;

    ck_assert_int_eq(tb_decode(&sample_api, type, text, strlen(text), &value, &err), -EBADMSG);
    ck_assert_ptr_eq(value, &err);
    ck_assert_int_eq(err.code, -EBADMSG);
    ck_assert_int_eq(err.kind, TB_ERROR_DECODE);
    ck_assert_str_eq(err.message, message);
    ck_assert_str_eq(err.body, text);
    ck_assert_uint_eq(err.body_length, strlen(text));
    tb_error_clear(&err);
    ck_assert_int_eq(tb_decode(&sample_api, type, text, strlen(text), &value, NULL), -EBADMSG);
}

START_TEST(every_kind_of_member)
{
    sample_all *all = decode(
        SAMPLE_ALL,
        "{\"active\":false,\"code\":2,\"color\":\"RED\",\"count\":-5,\"wide\":9223372036854775807,\"total\":-"
        "9223372036854775808,"
        "\"ratio\":0.1,\"name\":\"gr\xc3\xbcn\",\"id\":\"u\",\"data\":\"AQID\",\"info\":{\"a\":[1]},"
        "\"bools\":[true,null,false],"
        "\"numbers\":[1,null],\"longs\":[9007199254740993],\"doubles\":[1,-2.5],\"labels\":[\"a\",null],"
        "\"jsons\":[1,null,[]],"
        "\"matrix\":[[1,2],null,[]],\"attributes\":{\"k\":\"v\",\"n\":null},\"lists\":{\"a\":[\"x\"],\"b\":"
        "null},"
        "\"maps\":{\"o\":{\"i\":5}},\"values\":[{\"x\":null,\"y\":7}],\"next\":{\"next\":{\"plain\":1}}}");

    ck_assert(all->active.set && !all->active.value);
    ck_assert(all->code.set && all->code.value == 2);
    ck_assert_str_eq(all->color, "RED");
    ck_assert(all->count.set && all->count.value == -5);
    ck_assert(all->wide.set && all->wide.value == INT64_MAX);
    ck_assert(all->total.set && all->total.value == INT64_MIN);
    ck_assert(all->ratio.set && all->ratio.value == 0.1);
    ck_assert_str_eq(all->name, "gr\xc3\xbcn");
    ck_assert_str_eq(all->id, "u");
    ck_assert_str_eq(all->data, "AQID");
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(all->info, "a"), 0)), 1);
    ck_assert_uint_eq(all->bools.count, 3);
    ck_assert(all->bools.items[0].set && all->bools.items[0].value && !all->bools.items[1].set);
    ck_assert(all->bools.items[2].set && !all->bools.items[2].value);
    ck_assert(all->numbers.count == 2 && all->numbers.items[0].value == 1 && !all->numbers.items[1].set);
    ck_assert(all->longs.count == 1 && all->longs.items[0].value == INT64_C(9007199254740993));
    ck_assert(all->doubles.count == 2 && all->doubles.items[0].value == 1 &&
              all->doubles.items[1].value == -2.5);
    ck_assert(all->labels.count == 2 && tb_is(all->labels.items[0], "a") && !all->labels.items[1]);
    ck_assert(all->jsons.count == 3 && !all->jsons.items[1] && json_is_array(all->jsons.items[2]));
    ck_assert(all->matrix.count == 3 && all->matrix.items[0].items[1].value == 2);
    ck_assert(!all->matrix.items[1].items && all->matrix.items[2].items && all->matrix.items[2].count == 0);
    ck_assert(all->attributes.count == 2 && tb_is(all->attributes.items[0].key, "k"));
    ck_assert(tb_is(all->attributes.items[0].value, "v") && !all->attributes.items[1].value);
    ck_assert(all->lists.count == 2 && tb_is(all->lists.items[0].value.items[0], "x") &&
              !all->lists.items[1].value.items);
    ck_assert(all->maps.items[0].value.items[0].value.value == 5);
    ck_assert(!all->values.items[0].items[0].value &&
              json_integer_value(all->values.items[0].items[1].value) == 7);
    ck_assert_int_eq(all->next->next->plain.value, 1);
    ck_assert(!all->pet && !all->pets.items && !all->plain.set && !all->object.kept && !all->next->name);
    tb_free(all);
}
END_TEST

START_TEST(absent_null_and_unknown)
{
    sample_all *all = decode(
        SAMPLE_ALL, "{\"zeta\":[1],\"name\":null,\"alpha\":null,\"pets\":[],\"count\":null,\"info\":null}");
    static const char *const order[] = {"zeta", "name", "alpha", "count", "info"};
    const tb_member *member = all->object.kept;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(order); i++, member = member->next)
        ck_assert_str_eq(member->name, order[i]);
    ck_assert_ptr_null(member);
    ck_assert(!all->name && !all->count.set && !all->info && !all->color);
    ck_assert(all->pets.items && all->pets.count == 0 && !all->labels.items);
    ck_assert(json_is_null(tb_kept(&all->object, "name")));
    ck_assert(json_is_array(tb_kept(&all->object, "zeta")));
    ck_assert_ptr_null(tb_kept(&all->object, "color"));
    ck_assert_ptr_null(tb_kept(NULL, "color"));
    tb_free(all);
}
END_TEST

START_TEST(the_last_of_two_members_counts)
{
    sample_all *all = decode(SAMPLE_ALL, "{\"name\":\"a\",\"name\":\"b\",\"x\":1,\"x\":2}");

    ck_assert_str_eq(all->name, "b");
    ck_assert_int_eq(json_integer_value(tb_kept(&all->object, "x")), 2);
    ck_assert_ptr_null(all->object.kept->next);
    tb_free(all);
}
END_TEST

START_TEST(whole_numbers_in_any_form)
{
    sample_all *all = decode(SAMPLE_ALL, "{\"plain\":3.0,\"wide\":-9223372036854775808.0,\"numbers\":["
                                         "2147483647,-2147483648,1e2,-0.0],\"ratio\":3}");

    ck_assert_int_eq(all->plain.value, 3);
    ck_assert(all->wide.value == INT64_MIN);
    ck_assert_int_eq(all->numbers.items[0].value, INT32_MAX);
    ck_assert_int_eq(all->numbers.items[1].value, INT32_MIN);
    ck_assert_int_eq(all->numbers.items[2].value, 100);
    ck_assert_int_eq(all->numbers.items[3].value, 0);
    ck_assert(all->ratio.set && all->ratio.value == 3.0);
    tb_free(all);
}
END_TEST

#define INT32_RANGE "the number is not between -2147483648 and 2147483647"
#define INT64_RANGE "the number is not between -9223372036854775808 and 9223372036854775807"

static const struct {
    unsigned type;
    const char *text, *message;
} refused[] = {
    {SAMPLE_ALL, "{\"plain\":2147483648}", "plain: " INT32_RANGE},
    {SAMPLE_ALL, "{\"plain\":-2147483649}", "plain: " INT32_RANGE},
    {SAMPLE_ALL, "{\"plain\":2147483648.0}", "plain: " INT32_RANGE},
    {SAMPLE_ALL, "{\"plain\":1e300}", "plain: " INT32_RANGE},
    {SAMPLE_ALL, "{\"wide\":9223372036854775808.0}", "wide: " INT64_RANGE},
    {SAMPLE_ALL, "{\"wide\":-9223372036854777856.0}", "wide: " INT64_RANGE},
    {SAMPLE_ALL, "{\"plain\":1.5}", "plain: a whole number was expected, not a number"},
    {SAMPLE_ALL, "{\"plain\":\"1\"}", "plain: a whole number was expected, not a string"},
    {SAMPLE_ALL, "{\"active\":1}", "active: true or false was expected, not a number"},
    {SAMPLE_ALL, "{\"ratio\":true}", "ratio: a number was expected, not a boolean"},
    {SAMPLE_ALL, "{\"name\":7}", "name: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"name\":1E400}", "name: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"active\":-0}", "active: true or false was expected, not a number"},
    {SAMPLE_ALL, "{\"info\":1,\"pet\":1.50}", "pet: an object was expected, not a number"},
    {SAMPLE_ALL, "{\"plain\":\"\\ud83d\"}", "plain: a whole number was expected, not a string"},
    {SAMPLE_ALL, "{\"wide\":9223372036854775808}", "wide: " INT64_RANGE},
    {SAMPLE_ALL, "{\"plain\":1E400}", "plain: " INT32_RANGE},
    {SAMPLE_ALL, "{\"color\":[]}", "color: a string was expected, not an array"},
    {SAMPLE_ALL, "{\"labels\":{}}", "labels: an array was expected, not an object"},
    {SAMPLE_ALL, "{\"labels\":[\"a\",{}]}", "labels[1]: a string was expected, not an object"},
    {SAMPLE_ALL, "{\"attributes\":[]}", "attributes: an object was expected, not an array"},
    {SAMPLE_ALL, "{\"attributes\":{\"a b\":1}}", "attributes[\"a b\"]: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"attributes\":{\"\\n\":1}}", "attributes[\"?\"]: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"matrix\":[[1],[2,\"3\"]]}", "matrix[1][1]: a whole number was expected, not a string"},
    {SAMPLE_ALL, "{\"next\":{\"next\":{\"pets\":[null,{\"name\":1}]}}}",
     "next.next.pets[1].name: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"petMap\":{\"k\":{\"kind\":2}}}",
     "petMap[\"k\"].kind: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"pet\":[]}", "pet: an object was expected, not an array"},
    {SAMPLE_ALL_LIST, "[{},{\"name\":1}]", "[1].name: a string was expected, not a number"},
    {SAMPLE_STRING_MAP, "{\"k\":1}", "[\"k\"]: a string was expected, not a number"},
    {SAMPLE_ALL, "[]", "an object was expected, not an array"},
    {SAMPLE_ALL, "7", "an object was expected, not a number"},
    {SAMPLE_ALL_LIST, "{}", "an array was expected, not an object"},
    {SAMPLE_ALL, "null", "a value was expected, not null"},
    /* a DOG has members that the memory of a BIRD does not */
    {SAMPLE_BIRD, "{\"kind\":\"DOG\"}", "Bird was expected, not Dog"},
    {SAMPLE_ALL, "{\"dog\":{\"kind\":\"BIRD\"}}", "dog: Dog was expected, not Bird"},
    {SAMPLE_ALL, "{\"cat\":{\"kind\":\"DOG\"}}", "cat: Cat was expected, not Dog"},
};

START_TEST(what_does_not_fit_is_named)
{
    assert_refused(refused[_i].type, refused[_i].text, refused[_i].message);
}
END_TEST

START_TEST(text_that_is_not_json)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "{}x",
                                        "{\"wide\":9223372036854775808,}",
                                        "{\"ratio\":1e999 1}",
                                        "{\"a\":\"\xff\"}",
                                        "{'a':1}",
                                        "{\"\\u0000\"}"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        tb_error err = TB_ERROR_INIT;
        void *value;

        ck_assert_int_eq(tb_decode(&sample_api, SAMPLE_ALL, texts[i], strlen(texts[i]), &value, &err),
                         -EBADMSG);
        ck_assert_int_eq(err.kind, TB_ERROR_DECODE);
        ck_assert_int_eq(strncmp(err.message, "not JSON: line 1, column ", 25), 0);
        ck_assert_str_eq(err.body, texts[i]);
        tb_error_clear(&err);
    }
}
END_TEST

START_TEST(free_json_may_hold_a_nul)
{
    sample_all *all = decode(SAMPLE_ALL, "{\"info\":\"a\\u0000b\"}");

    ck_assert_uint_eq(json_string_length(all->info), 3);
    tb_free(all);
}
END_TEST

START_TEST(a_base_becomes_its_variant)
{
    sample_all *all = decode(
        SAMPLE_ALL, "{\"pets\":[{\"age\":3,\"friend\":{\"song\":\"la\",\"kind\":\"BIRD\"},\"kind\":\"DOG\"},"
                    "{\"kind\":\"LION\",\"name\":\"Leo\"},{\"kind\":\"WHALE\",\"age\":9},{\"age\":1},"
                    "{\"kind\":null,\"song\":\"x\"},null]}");
    sample_pet **pets = all->pets.items;
    sample_dog *dog = (sample_dog *)pets[0];

    ck_assert_int_eq(dog->age.value, 3);
    ck_assert_str_eq(((sample_bird *)dog->friend)->song, "la");
    ck_assert(tb_is(pets[1]->kind, "LION") && tb_is(pets[1]->name, "Leo"));
    ck_assert(tb_is(pets[2]->kind, "WHALE") && json_integer_value(tb_kept(&pets[2]->object, "age")) == 9);
    ck_assert(!pets[3]->kind && json_integer_value(tb_kept(&pets[3]->object, "age")) == 1);
    ck_assert(!pets[4]->kind && json_is_null(tb_kept(&pets[4]->object, "kind")));
    ck_assert(json_is_string(tb_kept(&pets[4]->object, "song")) && !pets[5]);
    tb_free(all);
}
END_TEST

/* A declared variant has its own structure, whatever the discriminator says. */
START_TEST(a_declared_variant_stays_that_variant)
{
    sample_all *all =
        decode(SAMPLE_ALL, "{\"dog\":{\"kind\":\"CAT\",\"age\":1},\"cat\":{\"kind\":\"WHALE\",\"age\":2}}");
    sample_dog *dog = decode(SAMPLE_DOG, "{\"age\":4,\"kind\":\"LION\"}");
    sample_pet *pet = decode(SAMPLE_PET, "{\"age\":5,\"kind\":\"DOG\"}");

    ck_assert(tb_is(all->dog->base.kind, "CAT") && all->dog->age.value == 1);
    ck_assert(tb_is(all->cat->kind, "WHALE") && tb_kept(&all->cat->object, "age"));
    ck_assert(tb_is(dog->base.kind, "LION") && dog->age.value == 4);
    ck_assert_int_eq(((sample_dog *)pet)->age.value, 5);
    tb_free(all);
    tb_free(dog);
    tb_free(pet);
}
END_TEST

/* "next" COUNT times; the last one is an empty object. */
static char *nested(int count)
{
    char *text = malloc((size_t)count * 10 + 10);
    int i;

    text[0] = '\0';
    for (i = 0; i < count; i++)
        strcat(text, "{\"next\":");
    strcat(text, "{}");
    for (i = 0; i < count; i++)
        strcat(text, "}");
    return text;
}

START_TEST(the_maximum_depth)
{
    char *most = nested(TB_CODEC_DEPTH_MAX - 1), *more = nested(TB_CODEC_DEPTH_MAX);
    tb_error err = TB_ERROR_INIT;
    void *value;

    tb_free(decode(SAMPLE_ALL, most));
    ck_assert_int_eq(tb_decode(&sample_api, SAMPLE_ALL, more, strlen(more), &value, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.message, "next.next: nested more than 64 levels deep"));
    ck_assert_int_eq(strncmp(err.message, "....next", 4), 0);
    tb_error_clear(&err);
    free(most);
    free(more);
}
END_TEST

START_TEST(free_json_is_as_deep_as_jansson_allows)
{
    enum { MOST = 2047 }; /* and the structure around it */
    static char text[2 * MOST + 32];

    strcpy(text, "{\"info\":");
    memset(text + 8, '[', MOST);
    memset(text + 8 + MOST, ']', MOST);
    strcpy(text + 8 + 2 * MOST, "}");
    tb_free(decode(SAMPLE_ALL, text));
}
END_TEST

START_TEST(long_names_in_messages_are_cut)
{
    char text[1200] = "{\"attributes\":{\"", name[1001];
    tb_error err = TB_ERROR_INIT;
    void *value;

    memset(name, 'k', 1000);
    name[1000] = '\0';
    memcpy(name + 59, "\xe2\x82\xac", 3); /* where the name is cut */
    strcat(strcat(text, name), "\":1}}");
    ck_assert_int_eq(tb_decode(&sample_api, SAMPLE_ALL, text, strlen(text), &value, &err), -EBADMSG);
    name[59] = '\0';
    ck_assert_int_eq(strncmp(err.message, "attributes[\"", 12), 0);
    ck_assert_int_eq(strncmp(err.message + 12, name, 59), 0);
    ck_assert_str_eq(err.message + 12 + 59, "...\"]: a string was expected, not a number");
    tb_error_clear(&err);
}
END_TEST

START_TEST(the_maximum_memory)
{
    /* the list, rounded up, with its 100 pointers and structures */
    const size_t needed = 16 + 100 * sizeof(void *) + 100 * sizeof(sample_all);
    size_t maxima[] = {needed + 16, needed - 8}, i;

    for (i = 0; i < 2; i++) {
        json_t *root = json_array();
        tb_error err = TB_ERROR_INIT;
        void *value = NULL;
        int j;

        for (j = 0; j < 100; j++)
            json_array_append_new(root, json_object());
        ck_assert_int_eq(decode_bounded(&sample_api, SAMPLE_ALL_LIST, root,
                                        maxima[i] + 3 * sizeof(sample_all) * (i == 0), &value, NULL, &err),
                         i == 0 ? 0 : -EMSGSIZE);
        ck_assert_int_eq(err.kind, i == 0 ? TB_ERROR_NONE : TB_ERROR_DECODE);
        ck_assert(i == 0 || strstr(err.message, "the value takes too much memory"));
        tb_free(value);
    }
}
END_TEST

START_TEST(types_that_cannot_be_decoded)
{
    static const unsigned types[] = {SAMPLE_NONE, SAMPLE_STRING,     SAMPLE_INT32, SAMPLE_JSON,
                                     SAMPLE_PART, SAMPLE_TYPE_COUNT, 65536};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(types); i++) {
        tb_error err = TB_ERROR_INIT;
        void *value;

        ck_assert_int_eq(tb_decode(&sample_api, types[i], "{}", 2, &value, &err), -EINVAL);
        ck_assert_int_eq(err.kind, TB_ERROR_USAGE);
        ck_assert_ptr_null(err.body);
    }
}
END_TEST

/* As calls need them: plain answers, and null. */
START_TEST(values_that_are_not_structures)
{
    tb_int64 *number;
    const char **text;
    void *nothing = &text;

    ck_assert_int_eq(decode_value(&sample_api, SAMPLE_INT64, json_integer(7), (void **)&number, NULL, NULL),
                     0);
    ck_assert(number->set && number->value == 7);
    tb_free(number);
    ck_assert_int_eq(decode_value(&sample_api, SAMPLE_STRING, json_string("abc"), (void **)&text, NULL, NULL),
                     0);
    ck_assert_str_eq(*text, "abc");
    tb_free(text);
    ck_assert_int_eq(decode_value(&sample_api, SAMPLE_ALL, json_null(), &nothing, NULL, NULL), 0);
    ck_assert_ptr_null(nothing);
    ck_assert_int_eq(decode_value(&sample_api, SAMPLE_PART, json_integer(7), &nothing, NULL, NULL), -EINVAL);
}
END_TEST

static void keep_warning(void *context, const char *message)
{
    tb_error *warned = context;

    tb_error_set(warned, warned->code + 1, "%s", message);
}

START_TEST(unknown_values_are_warnings)
{
    tb_error warned = TB_ERROR_INIT;
    const tb_client_options options = {.warning = keep_warning, .warning_context = &warned};
    struct warnings warnings = {.options = &options, .operation = "op", .where = "answer"};
    json_t *known = json_pack("{s:s,s:i}", "color", "RED", "code", 2);
    json_t *unknown = json_pack("{s:{s:s,s:i}}", "next", "color", "BL\nUE", "code", 77);
    sample_all *value;

    ck_assert_int_eq(decode_value(&sample_api, SAMPLE_ALL, known, (void **)&value, &warnings, NULL), 0);
    ck_assert_int_eq(warned.code, 0);
    tb_free(value);
    ck_assert_int_eq(
        decode_value(&sample_api, SAMPLE_ALL, json_incref(unknown), (void **)&value, &warnings, NULL), 0);
    ck_assert_str_eq(value->next->color, "BL\nUE");
    ck_assert_int_eq(value->next->code.value, 77);
    ck_assert_int_eq(warned.code, 2);
    ck_assert_str_eq(warned.message,
                     "op: answer: next.code: 77 is not a value of Code that this version knows");
    tb_free(value);
    json_object_del(json_object_get(unknown, "next"), "code");
    ck_assert_int_eq(decode_value(&sample_api, SAMPLE_ALL, unknown, (void **)&value, &warnings, NULL), 0);
    ck_assert_str_eq(warned.message,
                     "op: answer: next.color: BL?UE is not a value of Color that this version knows");
    tb_free(value);
}
END_TEST

START_TEST(rows_are_found)
{
    static const char *const ids[] = {"deletePet", "getAll", "saveAll"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(ids); i++)
        ck_assert_ptr_eq(tb_operation_find(&sample_api, ids[i]), &sample_api.operations[i]);
    ck_assert_ptr_null(tb_operation_find(&sample_api, "getal"));
    ck_assert_ptr_null(tb_operation_find(&sample_api, ""));
    ck_assert_ptr_null(tb_operation_find(&sample_api, NULL));
    ck_assert_uint_eq(tb_type_find(&sample_api, "All"), SAMPLE_ALL);
    ck_assert_uint_eq(tb_type_find(&sample_api, "Pet"), SAMPLE_PET);
    ck_assert_uint_eq(tb_type_find(&sample_api, "Whale"), 0);
    ck_assert_uint_eq(tb_type_find(&sample_api, NULL), 0);
    ck_assert_str_eq(tb_method_name(TB_GET), "GET");
    ck_assert_str_eq(tb_method_name(TB_OPTIONS), "OPTIONS");
    ck_assert_str_eq(tb_method_name((enum tb_method)99), "");
}
END_TEST

UNIT_SUITE(decode)
{
    TCase *tests;
    Suite *suite = unit_suite_create("decode", &tests);

    tcase_add_test(tests, every_kind_of_member);
    tcase_add_test(tests, absent_null_and_unknown);
    tcase_add_test(tests, the_last_of_two_members_counts);
    tcase_add_test(tests, whole_numbers_in_any_form);
    tcase_add_loop_test(tests, what_does_not_fit_is_named, 0, (int)ARRAY_SIZE(refused));
    tcase_add_test(tests, text_that_is_not_json);
    tcase_add_test(tests, free_json_may_hold_a_nul);
    tcase_add_test(tests, a_base_becomes_its_variant);
    tcase_add_test(tests, a_declared_variant_stays_that_variant);
    tcase_add_test(tests, the_maximum_depth);
    tcase_add_test(tests, free_json_is_as_deep_as_jansson_allows);
    tcase_add_test(tests, long_names_in_messages_are_cut);
    tcase_add_test(tests, the_maximum_memory);
    tcase_add_test(tests, types_that_cannot_be_decoded);
    tcase_add_test(tests, values_that_are_not_structures);
    tcase_add_test(tests, unknown_values_are_warnings);
    tcase_add_test(tests, rows_are_found);
    return suite;
}
