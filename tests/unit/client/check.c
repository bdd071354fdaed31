/* SPDX-License-Identifier: Apache-2.0 */
#include "client/check.h"

#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "sample_api.h"
#include "unit.h"

static char heard_text[2048]; /* a line for each warning */

static void hear(void *context, const char *message)
{
    char *text = context;
    size_t length = strlen(text);

    snprintf(text + length, sizeof(heard_text) - length, "%s\n", message);
}

static struct warnings listen_to_warnings(const char *where)
{
    static const tb_client_options options = {.warning = hear, .warning_context = heard_text};

    *heard_text = '\0';
    return (struct warnings){.options = &options, .operation = "op", .where = where};
}

/* MESSAGE is NULL if TEXT is valid. */
static void assert_checked(unsigned type, const char *text, unsigned flags, const char *message)
{
    tb_error err = TB_ERROR_INIT;
    json_t *value = json_loads(text, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    int r;

    ck_assert_msg(value != NULL, "%s", text);
    r = check_value(&sample_api, type, value, flags, &err);
    ck_assert_msg(r == (message ? -EINVAL : 0), "%s: %d, %s", text, r, err.message);
    ck_assert_str_eq(err.message, message ? message : "");
    ck_assert_int_eq(err.kind, message ? TB_ERROR_USAGE : TB_ERROR_NONE);
    ck_assert_int_eq(err.code, r);
    ck_assert_int_eq(check_value(&sample_api, type, value, flags, NULL), r);
    json_decref(value);
}

static const struct {
    const char *text, *message; /* members of All */
} bounds[] = {
    {"{\"count\":-5}", NULL},
    {"{\"count\":10}", NULL},
    {"{\"count\":-6}", "count: the number is not between -5 and 10"},
    {"{\"count\":11}", "count: the number is not between -5 and 10"},
    {"{\"total\":9007199254740992}", NULL},
    {"{\"total\":9007199254740993}",
     "total: the number is not between -9223372036854775808 and 9007199254740992"},
    {"{\"plain\":2147483647}", NULL},
    {"{\"plain\":2147483648}", "plain: the number is not between -2147483648 and 2147483647"},
    {"{\"plain\":3.0}", NULL},
    {"{\"plain\":3.5}", "plain: a whole number was expected, not a number"},
    {"{\"ratio\":0}", NULL},
    {"{\"ratio\":100.0}", NULL},
    {"{\"ratio\":-1e-9}", "ratio: the number is less than 0"},
    {"{\"ratio\":100.00000001}", "ratio: the number is more than 100"},
    {"{\"name\":\"\xc3\xbc\xf0\x9f\x98\x80\"}", NULL},
    {"{\"name\":\"\xc3\xbc\"}", "name: 1 characters, fewer than 2"},
    {"{\"name\":\"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xf0\x9f\x98\x80\"}", NULL},
    {"{\"name\":\"123456\"}", "name: 6 characters, more than 5"},
    {"{\"labels\":[\"a\",\"b\",\"c\"]}", NULL},
    {"{\"labels\":[]}", "labels: 0 elements, fewer than 1"},
    {"{\"labels\":[\"a\",\"b\",\"c\",\"d\"]}", "labels: 4 elements, more than 3"},
    {"{\"labels\":[\"a\",\"b\",\"a\"]}", "labels[2]: duplicate element"},
    {"{\"labels\":[\"null\",null]}", NULL},
    {"{\"labels\":[null,null]}", "labels[1]: duplicate element"},
    {"{\"attributes\":{\"a\":\"\",\"b\":\"\"}}", NULL},
    {"{\"attributes\":{}}", "attributes: 0 members, fewer than 1"},
    {"{\"attributes\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}", "attributes: 3 members, more than 2"},
    {"{\"pet\":{\"kind\":\"DOG\",\"name\":\"12345\"}}", "pet.name: 5 characters, more than 4"},
};

START_TEST(values_at_their_bounds)
{
    assert_checked(SAMPLE_ALL, bounds[_i].text, 0, bounds[_i].message);
    assert_checked(SAMPLE_ALL, bounds[_i].text, CHECK_STRICT, bounds[_i].message);
}
END_TEST

static const struct {
    unsigned type;
    const char *text, *message;
} kinds[] = {
    {SAMPLE_ALL, "{\"active\":\"true\"}", "active: true or false was expected, not a string"},
    {SAMPLE_ALL, "{\"ratio\":[]}", "ratio: a number was expected, not an array"},
    {SAMPLE_ALL, "{\"name\":false}", "name: a string was expected, not a boolean"},
    {SAMPLE_ALL, "{\"id\":\"a\\u0000\"}", "id: the text contains a NUL character"},
    {SAMPLE_ALL, "{\"color\":\"RED\\u0000\"}", "color: the text contains a NUL character"},
    {SAMPLE_ALL, "{\"name\":\"a\\u0000\"}", NULL},
    {SAMPLE_ALL, "{\"name\":\"" TB_VERBATIM "\\\"\\\\ud83d\\\"\"}", NULL},
    {SAMPLE_ALL, "{\"name\":\"" TB_VERBATIM "1.10\"}", "name: a string was expected, not a number"},
    {SAMPLE_ALL, "{\"id\":\"" TB_VERBATIM "\\\"\\\\ud83d\\\"\"}", "id: a UUID was expected"},
    {SAMPLE_ALL, "{\"plain\":\"" TB_VERBATIM "1e2\",\"ratio\":\"" TB_VERBATIM "1.10\"}", NULL},
    {SAMPLE_ALL, "{\"plain\":\"" TB_VERBATIM "1E400\"}",
     "plain: the number is not between -2147483648 and 2147483647"},
    {SAMPLE_ALL, "{\"plain\":\"" TB_VERBATIM "1.10\"}", "plain: a whole number was expected, not a number"},
    {SAMPLE_ALL, "{\"ratio\":\"" TB_VERBATIM "1E400\"}", "ratio: the number is more than 100"},
    {SAMPLE_ALL, "{\"info\":\"" TB_VERBATIM "1E400\"}", NULL},
    {SAMPLE_ALL, "{\"id\":\"784f394c-42b6-435a-983c-B7BEFF2784F9\"}", NULL},
    {SAMPLE_ALL, "{\"id\":\"784f394c-42b6-435a-983c-b7beff2784f\"}", "id: a UUID was expected"},
    {SAMPLE_ALL, "{\"id\":\"784f394c-42b6-435a-983c-b7beff2784fg\"}", "id: a UUID was expected"},
    {SAMPLE_ALL, "{\"id\":\"784f394c42b6-435a-983c-b7beff2784f9-\"}", "id: a UUID was expected"},
    {SAMPLE_ALL, "{\"id\":\"\"}", "id: a UUID was expected"},
    {SAMPLE_ALL, "{\"data\":\"\"}", NULL},
    {SAMPLE_ALL, "{\"data\":\"dGV4dA==\"}", NULL},
    {SAMPLE_ALL, "{\"data\":\"dGV4dA=\"}", "data: base64 was expected"},
    {SAMPLE_ALL, "{\"data\":\"d===\"}", "data: base64 was expected"},
    {SAMPLE_ALL, "{\"data\":\"dGV-\"}", "data: base64 was expected"},
    {SAMPLE_ALL, "{\"pets\":{}}", "pets: an array was expected, not an object"},
    {SAMPLE_ALL, "{\"petMap\":[]}", "petMap: an object was expected, not an array"},
    {SAMPLE_ALL, "{\"petMap\":{\"k\":{\"kind\":\"DOG\",\"age\":\"1\"}}}",
     "petMap[\"k\"].age: a whole number was expected, not a string"},
    {SAMPLE_ALL, "{\"dog\":{\"age\":\"1\"}}", "dog.age: a whole number was expected, not a string"},
    {SAMPLE_ALL, "{\"pets\":[{\"kind\":\"DOG\",\"friend\":{}}]}",
     "pets[0].friend.kind: not set; it must say which Pet this is"},
    {SAMPLE_PET, "{\"kind\":3}", "kind: a string was expected, not a number"},
    {SAMPLE_PET, "{\"kind\":null}", "kind: not set; it must say which Pet this is"},
    {SAMPLE_ORDER, "{}", "amount: required, but not set"},
    {SAMPLE_ORDER, "{\"amount\":null}", "amount: required, but not set"},
    {SAMPLE_ALL, "null", "an object was expected, not null"},
    {SAMPLE_INT32_LIST_LIST, "[[1],[1,{}]]", "[1][1]: a whole number was expected, not an object"},
    {SAMPLE_BOOL, "true", NULL},
    {SAMPLE_JSON, "{\"a\":[null]}", NULL},
    {SAMPLE_DOG, "{\"age\":1}", NULL}, /* a declared variant need not say which it is */
    {SAMPLE_DOG, "{\"kind\":\"CAT\"}", NULL},
    {SAMPLE_PART, "{}", "this type has no JSON form"},
    {SAMPLE_TYPE_COUNT, "{}", "no such type, or no value"},
};

START_TEST(kinds_and_variants)
{
    assert_checked(kinds[_i].type, kinds[_i].text, 0, kinds[_i].message);
}
END_TEST

static const struct {
    unsigned type;
    const char *text, *message;
} strict[] = {
    {SAMPLE_ALL, "{\"next\":{\"extra\":1}}", "next.extra: All has no such member"},
    {SAMPLE_ALL, "{\"color\":\"BLUE\"}", "color: not a value of Color"},
    {SAMPLE_ALL, "{\"color\":\"RED\"}", NULL},
    {SAMPLE_ALL, "{\"code\":3}", "code: not a value of Code"},
    {SAMPLE_ALL, "{\"code\":2}", NULL},
    {SAMPLE_ALL, "{\"pet\":{\"kind\":\"WHALE\"}}", "pet.kind: not known in Pet"},
    {SAMPLE_ALL, "{\"pet\":{\"kind\":\"BIRD\",\"age\":1}}", "pet.age: Bird has no such member"},
    {SAMPLE_ALL, "{\"cat\":{\"kind\":\"LION\"}}", NULL},
    {SAMPLE_ALL, "{\"cat\":{\"kind\":\"DOG\"}}", "cat.kind: not known in Cat"},
    {SAMPLE_ALL, "{\"info\":{\"extra\":1},\"name\":null}", NULL},
};

START_TEST(unknown_members_and_values)
{
    assert_checked(strict[_i].type, strict[_i].text, 0, NULL);
    assert_checked(strict[_i].type, strict[_i].text, CHECK_STRICT, strict[_i].message);
    assert_checked(strict[_i].type, strict[_i].text, CHECK_STRICT | CHECK_ANSWER, strict[_i].message);
}
END_TEST

START_TEST(answers_may_lack_required_members)
{
    assert_checked(SAMPLE_ORDER, "{}", CHECK_ANSWER, NULL);
    assert_checked(SAMPLE_ORDER, "{\"amount\":null,\"pet\":null,\"tags\":null}", CHECK_ANSWER, NULL);
    assert_checked(SAMPLE_ALL, "{\"pet\":{\"name\":\"x\"}}", CHECK_ANSWER, NULL);
    assert_checked(SAMPLE_ALL, "null", CHECK_ANSWER, NULL);
    assert_checked(SAMPLE_ORDER, "{\"amount\":\"1\"}", CHECK_ANSWER,
                   "amount: a whole number was expected, not a string");
}
END_TEST

START_TEST(the_maximum_depth)
{
    json_t *value = json_object();
    tb_error err = TB_ERROR_INIT;
    int i;

    for (i = 1; i < TB_CODEC_DEPTH_MAX; i++)
        value = json_pack("{s:o}", "next", value);
    ck_assert_int_eq(tb_check(&sample_api, SAMPLE_ALL, value, true, &err), 0);
    value = json_pack("{s:o}", "next", value);
    ck_assert_int_eq(tb_check(&sample_api, SAMPLE_ALL, value, true, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "next: nested more than 64 levels deep"));
    json_decref(value);
}
END_TEST

static const struct {
    unsigned type;
    const char *text, *warnings; /* NULL: no server can read it */
} requests[] = {
    {SAMPLE_ORDER, "{\"tags\":[\"a\",\"b\"],\"name\":null,\"notes\":{},\"info\":null}",
     "amount: required, but not set\ncat: required, but not set\nname: required, but not set\n"
     "pet: required, but not set\n"},
    {SAMPLE_ALL, "{\"pet\":{\"name\":\"12345\"},\"ratio\":\"7\"}",
     "pet.kind: not set; it must say which Pet this is\npet.name: 5 characters, more than 4\n"
     "ratio: a number was expected, not a string\n"},
    {SAMPLE_ALL, "{\"id\":\"x\",\"data\":\"d\",\"active\":1,\"name\":5}",
     "id: a UUID was expected\ndata: base64 was expected\nactive: true or false was expected, not a number\n"
     "name: a string was expected, not a number\n"},
    {SAMPLE_ALL, "{\"extra\":1,\"color\":\"BLUE\"}", ""},
    {SAMPLE_ALL, "{\"name\":{}}", NULL},
    {SAMPLE_ALL, "{\"labels\":\"a\"}", NULL},
    {SAMPLE_ALL, "{\"next\":3}", NULL},
    {SAMPLE_ALL, "[]", NULL},
};

START_TEST(a_request_may_be_more_than_the_document_says)
{
    json_t *value = json_loads(requests[_i].text, 0, NULL);
    struct warnings heard = listen_to_warnings("body");
    char expected[sizeof(heard_text)] = "", *line, *lines = strdup(requests[_i].warnings ?: "");
    static const tb_client_options unchecked = {.no_check = true};
    int r = check_request(&sample_api, requests[_i].type, 0, value, &heard, NULL);

    for (line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
        sprintf(expected + strlen(expected), "op: body: %s\n", line);
    ck_assert_int_eq(r, requests[_i].warnings ? 0 : -EINVAL);
    ck_assert_str_eq(heard_text, expected);
    heard.options = &unchecked;
    ck_assert_int_eq(check_request(&sample_api, requests[_i].type, 0, value, &heard, NULL), 0);
    free(lines);
    json_decref(value);
}
END_TEST

/* Bounds of a value that is not a member: of parameters. */
START_TEST(bounds_of_parameters)
{
    json_t *five = json_integer(5), *eleven = json_integer(11);
    struct warnings heard = listen_to_warnings("x");

    ck_assert_int_eq(check_request(&sample_api, SAMPLE_INT32, SAMPLE_COUNT_BOUNDS, five, &heard, NULL), 0);
    ck_assert_int_eq(check_request(&sample_api, SAMPLE_INT32, SAMPLE_UNBOUNDED, eleven, &heard, NULL), 0);
    ck_assert_int_eq(heard.count, 0);
    ck_assert_int_eq(check_request(&sample_api, SAMPLE_INT32, SAMPLE_COUNT_BOUNDS, eleven, &heard, NULL), 0);
    ck_assert_str_eq(heard_text, "op: x: the number is not between -5 and 10\n");
    ck_assert_int_eq(tb_check(&sample_api, SAMPLE_INT32, NULL, false, NULL), -EINVAL);
    json_decref(five);
    json_decref(eleven);
}
END_TEST

/* The time to check a long list of unique elements grows linearly. */
START_TEST(many_unique_elements)
{
    struct tb_bounds rows[SAMPLE_BOUNDS_COUNT];
    json_t *labels = json_array(), *value = json_pack("{s:o}", "labels", labels);
    tb_error err = TB_ERROR_INIT;
    tb_api api = sample_api;
    int i;

    memcpy(rows, sample_api.bounds, sizeof(rows));
    rows[SAMPLE_LABELS_BOUNDS].max_length = UINT32_MAX;
    api.bounds = rows;
    for (i = 0; i < 50000; i++)
        json_array_append_new(labels, json_sprintf("%d", i));
    ck_assert_int_eq(tb_check(&api, SAMPLE_ALL, value, true, &err), 0);
    json_array_append_new(labels, json_string("49999"));
    ck_assert_int_eq(tb_check(&api, SAMPLE_ALL, value, true, &err), -EINVAL);
    ck_assert_str_eq(err.message, "labels[50000]: duplicate element");
    json_decref(value);
}
END_TEST

UNIT_SUITE(check)
{
    TCase *tests;
    Suite *suite = unit_suite_create("check", &tests);

    tcase_add_loop_test(tests, values_at_their_bounds, 0, (int)ARRAY_SIZE(bounds));
    tcase_add_loop_test(tests, kinds_and_variants, 0, (int)ARRAY_SIZE(kinds));
    tcase_add_loop_test(tests, unknown_members_and_values, 0, (int)ARRAY_SIZE(strict));
    tcase_add_test(tests, answers_may_lack_required_members);
    tcase_add_test(tests, the_maximum_depth);
    tcase_add_loop_test(tests, a_request_may_be_more_than_the_document_says, 0, ARRAY_SIZE(requests));
    tcase_add_test(tests, bounds_of_parameters);
    tcase_add_test(tests, many_unique_elements);
    return suite;
}
