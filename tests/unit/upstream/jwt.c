/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "unit.h"
#include "upstream/jwt.h"

START_TEST(the_claims_of_a_good_token)
{
    char *token = unit_jwt("{\"sub\":\"tenant@thingsboard.org\",\"iat\":1795415381,\"exp\":1795424381}");
    json_t *claims = jwt_claims(token);

    ck_assert_str_eq(json_string_value(json_object_get(claims, "sub")), "tenant@thingsboard.org");
    ck_assert_int_eq(jwt_life_ms(claims), 9000000);
    ck_assert_int_eq(jwt_expires_ms(claims), INT64_C(1795424381000));
    json_decref(claims);
    free(token);
}
END_TEST

START_TEST(a_text_that_is_not_a_jwt_has_no_claims)
{
    /* e30 is {}, W10 is [], MQ is 1 */
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "garbage",
        "e30",
        "e30.e30",
        "e30..c2ln",
        "e30.W10.c2ln",
        "e30.MQ.c2ln",
        "e30.!!!!.c2ln",
        "e30.e30=.c2ln",
        "e30.e3.c2ln",
        "e30.e30A0.c2ln", /* no number of bytes has five digits */
        "e30.e30\n.c2ln",
        "e30.e3 0.c2ln",
        "e30.e30==.c2ln",
        "e30.eyI+IjoxfQ.c2ln", /* of the other alphabet */
        "e30.eyI/IjoxfQ.c2ln",
        "e30.e3\xc3\xa4.c2ln",
        "e30. e30.c2ln",
        "e30.bnVsbA.c2ln",
    };
    json_t *claims;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        claims = jwt_claims(bad[i]);
        ck_assert_msg(claims == NULL, "\"%s\" has claims", bad[i]);
    }
    claims = jwt_claims("e30.e30.c2ln");
    ck_assert(json_is_object(claims));
    json_decref(claims);
}
END_TEST

/* RFC 4648, section 10, without the padding; the last two show the digits that differ from plain base64. */
static const struct {
    const char *text;
    const char *encoded;
} vectors[] = {
    {"", ""},
    {"f", "Zg"},
    {"fo", "Zm8"},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg"},
    {"fooba", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "-_-_"},
    {"\xff\xff", "__8"},
};

START_TEST(the_parts_of_a_token_are_base64url)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        CLEANUP(buf_free) struct buf out = BUF_INIT(100), wanted = BUF_INIT(100);
        const char *text = vectors[i].text, *encoded = vectors[i].encoded;

        ck_assert_int_eq(buf_append_format(&wanted, "%s.%s.%s", encoded, encoded, encoded), 0);
        ck_assert_int_eq(jwt_write(text, text, text, &out), 0);
        ck_assert_str_eq(out.data, wanted.data);
    }
}
END_TEST

START_TEST(claims_of_every_length_come_back)
{
    char text[220];
    size_t length;

    for (length = 1; length <= 200; length++) {
        char *token;
        json_t *claims;

        snprintf(text, sizeof(text), "{\"?~\":\"%0*d\"}", (int)length, 0);
        token = unit_jwt(text);
        claims = jwt_claims(token);
        ck_assert_uint_eq(json_string_length(json_object_get(claims, "?~")), length);
        json_decref(claims);
        free(token);
    }
}
END_TEST

START_TEST(a_token_does_not_pass_the_buffers_maximum)
{
    CLEANUP(buf_free) struct buf exact = BUF_INIT(11), small = BUF_INIT(10);

    ck_assert_int_eq(jwt_write("foo", "f", "fo", &exact), 0);
    ck_assert_str_eq(exact.data, "Zm9v.Zg.Zm8");
    ck_assert_int_eq(jwt_write("foo", "f", "fo", &small), -EMSGSIZE);
}
END_TEST

/* A token of exactly LENGTH bytes. */
static char *token_of(size_t length)
{
    char *token = NULL;
    size_t padding = length / 4 * 3 - 60; /* base64 makes four bytes of three */

    do {
        char *claims = malloc(padding + 100);

        free(token);
        ck_assert_ptr_nonnull(claims);
        snprintf(claims, padding + 100, "{\"pad\":\"%0*d\"}", (int)padding, 0);
        token = unit_jwt(claims);
        free(claims);
        padding++;
    } while (strlen(token) < length);
    while (strlen(token) > length)
        token[strlen(token) - 1] = '\0';
    return token;
}

START_TEST(the_longest_token_and_one_byte_more)
{
    char *token = token_of(JWT_MAX_BYTES);
    json_t *claims = jwt_claims(token);

    ck_assert_uint_eq(strlen(token), JWT_MAX_BYTES);
    ck_assert(json_is_object(claims));
    json_decref(claims);
    free(token);
    token = token_of(JWT_MAX_BYTES + 1);
    ck_assert_ptr_null(jwt_claims(token));
    free(token);
    token = token_of(10 * JWT_MAX_BYTES);
    ck_assert_ptr_null(jwt_claims(token));
    free(token);
}
END_TEST

static const struct {
    const char *claims;
    int64_t life_ms;
    int64_t expires_ms;
} rows[] = {
    {"{\"iat\":100,\"exp\":105}", 5000, 105000},
    {"{\"exp\":105}", 0, 105000},
    {"{\"iat\":100}", 0, 0},
    {"{}", 0, 0},
    {"{\"iat\":100,\"exp\":100}", 0, 100000},
    {"{\"iat\":100,\"exp\":99}", 0, 99000},
    {"{\"iat\":\"100\",\"exp\":\"105\"}", 0, 0},
    {"{\"iat\":null,\"exp\":true}", 0, 0},
    {"{\"iat\":100,\"exp\":-105}", 0, 0},
    {"{\"iat\":100,\"exp\":1e300}", 0, 0},
    {"{\"iat\":0.001,\"exp\":9223372036854774}", 0, 0},
    {"{\"iat\":1,\"exp\":253402300799}", 253402300798000, 253402300799000},
    {"{\"iat\":1,\"exp\":253402300800}", 0, 0},
    {"{\"iat\":1,\"exp\":9223372036854775807}", 0, 0},
    {"{\"iat\":100.0,\"exp\":105.0}", 5000, 105000},
};

START_TEST(lives_and_ends)
{
    json_t *claims = json_loads(rows[_i].claims, 0, NULL);

    ck_assert_ptr_nonnull(claims);
    ck_assert_int_eq(jwt_life_ms(claims), rows[_i].life_ms);
    ck_assert_int_eq(jwt_expires_ms(claims), rows[_i].expires_ms);
    json_decref(claims);
}
END_TEST

/* What else is in a token does not matter, and a time may have more digits than a double. */
START_TEST(claims_that_jansson_does_not_take)
{
    char *token = unit_jwt(
        "{\"iat\":100.00000000000000000001,\"exp\":1.050000000000000000001e2,\"\\u0000\":\"\\ud83d\","
        "\"number\":89010303310033979663}");
    json_t *claims = jwt_claims(token);

    ck_assert_int_eq(jwt_life_ms(claims), 5000);
    ck_assert_int_eq(jwt_expires_ms(claims), 105000);
    json_decref(claims);
    free(token);
}
END_TEST

/* RFC 7519, section 2: a NumericDate may have a fraction. */
START_TEST(fractions_of_a_second_count)
{
    json_t *claims = json_loads("{\"iat\":100.75,\"exp\":110.5}", 0, NULL);

    ck_assert_int_eq(jwt_life_ms(claims), 9750);
    ck_assert_int_eq(jwt_expires_ms(claims), 110500);
    json_decref(claims);
}
END_TEST

START_TEST(no_claims_have_no_times)
{
    ck_assert_int_eq(jwt_life_ms(NULL), 0);
    ck_assert_int_eq(jwt_expires_ms(NULL), 0);
}
END_TEST

START_TEST(the_characters_of_a_token)
{
    static const char *const others[] = {"a&b", "a b", "a\"b", "a\\b", "a\nb",
                                         "a%b", "a+b", "a/b",  "a=b",  "\xc3\xa9"};
    size_t i;

    ck_assert(jwt_is_text("eyJ-_0.AZaz09.x"));
    ck_assert(jwt_is_text(""));
    for (i = 0; i < ARRAY_SIZE(others); i++)
        ck_assert_msg(!jwt_is_text(others[i]), "%s", others[i]);
}
END_TEST

UNIT_SUITE(jwt)
{
    TCase *tests;
    Suite *suite = unit_suite_create("jwt", &tests);

    tcase_add_test(tests, the_claims_of_a_good_token);
    tcase_add_test(tests, a_text_that_is_not_a_jwt_has_no_claims);
    tcase_add_test(tests, the_parts_of_a_token_are_base64url);
    tcase_add_test(tests, claims_of_every_length_come_back);
    tcase_add_test(tests, a_token_does_not_pass_the_buffers_maximum);
    tcase_add_test(tests, the_longest_token_and_one_byte_more);
    tcase_add_loop_test(tests, lives_and_ends, 0, (int)ARRAY_SIZE(rows));
    tcase_add_test(tests, claims_that_jansson_does_not_take);
    tcase_add_test(tests, fractions_of_a_second_count);
    tcase_add_test(tests, no_claims_have_no_times);
    tcase_add_test(tests, the_characters_of_a_token);
    return suite;
}
