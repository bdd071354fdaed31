/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit.h"
#include "upstream/server_version.h"

#define WHITE_LABEL "/api/noauth/whiteLabel/loginWhiteLabelParams"
#define SIGN_UP     "/api/noauth/signup/recaptchaParams"
#define API_DOCS    "/v3/api-docs/thingsboard"

#define NO_RESOURCE                                                                                          \
    "{\"status\":404,\"message\":\"No static resource api/noauth/x.\",\"errorCode\":32,\"timestamp\":1}"
#define NOT_FOUND                                                                                            \
    "{\"status\":404,\"message\":\"Requested item wasn't found!\",\"errorCode\":32,\"timestamp\":1}"

/* What a server answers, and what it is then taken for. */
static const struct {
    int white_label;
    const char *white_label_body;
    int sign_up; /* -1: must not be asked */
    const char *sign_up_body;
    enum edition edition;
} servers[] = {
    {404, NO_RESOURCE, -1, NULL, EDITION_CE},
    {200, "{\"logoImageUrl\":null}", 404, NO_RESOURCE, EDITION_PE},
    {200, "{\"logoImageUrl\":null}", 200, "{}", EDITION_PAAS},
    {200, "", 200, " \r\n\t", EDITION_PAAS},
    {200, "{\"logo\":\"cut", 404, NO_RESOURCE, EDITION_PE},
    {200, "{}", 404, NOT_FOUND, EDITION_UNKNOWN},
    {200, "{}", 401, "", EDITION_UNKNOWN},
    {200, "{}", 0, "", EDITION_UNKNOWN},
    {200, "{}", 200, "<html>", EDITION_UNKNOWN},
    {404, NOT_FOUND, -1, NULL, EDITION_UNKNOWN},
    {404, "", -1, NULL, EDITION_UNKNOWN},
    {404, "<html>No static resource x.</html>", -1, NULL, EDITION_UNKNOWN},
    {404, "{\"message\":\"No static resource", -1, NULL, EDITION_UNKNOWN},
    {404, "{\"message\":7}", -1, NULL, EDITION_UNKNOWN},
    {404, "[]", -1, NULL, EDITION_UNKNOWN},
    {401, NO_RESOURCE, -1, NULL, EDITION_UNKNOWN},
    {200, "<!doctype html>", -1, NULL, EDITION_UNKNOWN},
    {200, "[]", -1, NULL, EDITION_UNKNOWN},
    {302, "", -1, NULL, EDITION_UNKNOWN},
    {429, "", -1, NULL, EDITION_UNKNOWN},
    {500, "{}", -1, NULL, EDITION_UNKNOWN},
    {0, "", -1, NULL, EDITION_UNKNOWN},
};

START_TEST(an_edition_is_told_by_the_paths_it_has)
{
    struct server_version probe = {0};

    ck_assert_str_eq(server_version_next_path(&probe), WHITE_LABEL);
    server_version_answer(&probe, servers[_i].white_label, servers[_i].white_label_body,
                          strlen(servers[_i].white_label_body));
    if (servers[_i].sign_up >= 0) {
        ck_assert_str_eq(server_version_next_path(&probe), SIGN_UP);
        server_version_answer(&probe, servers[_i].sign_up, servers[_i].sign_up_body,
                              strlen(servers[_i].sign_up_body));
    }
    ck_assert_str_eq(server_version_next_path(&probe), API_DOCS);
    server_version_answer(&probe, 200, "{\"info\":{\"version\":\"4.3.1.3\"}}", 30);
    ck_assert_ptr_null(server_version_next_path(&probe));
    ck_assert_int_eq(probe.edition, servers[_i].edition);
    ck_assert_str_eq(probe.version, "4.3.1.3");
    server_version_answer(&probe, 200, "{}", 2); /* asked for nothing: nothing changes */
    ck_assert_int_eq(probe.edition, servers[_i].edition);
    ck_assert_ptr_null(server_version_next_path(&probe));
}
END_TEST

START_TEST(editions_have_names)
{
    ck_assert_ptr_null(edition_name(EDITION_UNKNOWN));
    ck_assert_str_eq(edition_name(EDITION_CE), "CE");
    ck_assert_str_eq(edition_name(EDITION_PE), "PE");
    ck_assert_str_eq(edition_name(EDITION_PAAS), "PAAS");
}
END_TEST

START_TEST(only_a_good_answer_has_a_version)
{
    static const char text[] = "{\"info\":{\"version\":\"4.4.0\"}}";
    static const int statuses[] = {0, 204, 302, 401, 404, 500};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(statuses); i++) {
        struct server_version probe = {0};

        server_version_answer(&probe, 0, "", 0);
        server_version_answer(&probe, statuses[i], text, strlen(text));
        ck_assert_ptr_null(server_version_next_path(&probe));
        ck_assert_str_eq(probe.version, "");
    }
}
END_TEST

START_TEST(only_what_is_unknown_is_asked_for_again)
{
    struct server_version probe = {.edition = EDITION_CE};

    ck_assert(server_version_ask_again(&probe));
    ck_assert_str_eq(server_version_next_path(&probe), API_DOCS);
    server_version_answer(&probe, 503, "", 0);
    ck_assert_int_eq(probe.edition, EDITION_CE);
    strcpy(probe.version, "4.4.0");
    ck_assert(!server_version_ask_again(&probe));
    probe.edition = EDITION_UNKNOWN;
    ck_assert(server_version_ask_again(&probe));
    ck_assert_str_eq(server_version_next_path(&probe), WHITE_LABEL);
    server_version_answer(&probe, 404, NO_RESOURCE, strlen(NO_RESOURCE));
    server_version_answer(&probe, 503, "", 0);
    ck_assert_int_eq(probe.edition, EDITION_CE);
    ck_assert_str_eq(probe.version, "4.4.0");
}
END_TEST

static const struct {
    const char *text;
    const char *version; /* NULL: none */
} descriptions[] = {
    {"{\"info\":{\"version\":\"4.4.0\"}}", "4.4.0"},
    {"{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"x\",\"license\":{\"name\":\"Apache\",\"version\":\"2.0\"},"
     "\"version\":\"4.3.1.3\"},\"paths\":{\"/api",
     "4.3.1.3"},
    {" {\n \"info\" : {\n\t\"version\" :\r\n \"4.4.0-SNAPSHOT\"", "4.4.0-SNAPSHOT"},
    {"{\"info\":{\"description\":\"says \\\"version\\\":\\\"1.0\\\" }\\\\\",\"version\":\"4.4.0\"", "4.4.0"},
    {"{\"info\":{\"tags\":[\"version\",\"3.0\",{}],\"version\":\"4.4.0\"", "4.4.0"},
    {"{\"info\":{\"name\":\"version\",\"version\":\"4.4.0\"", "4.4.0"},
    {"{\"info\":{\"version\":\"4.4.0PE\"}}", "4.4.0PE"},
    {"{\"info\":{\"version\":\"1234567890123456789012345678901\"}}", "1234567890123456789012345678901"},
    {"{\"info\":{\"version\":\"12345678901234567890123456789012\"}}", NULL},
    {"{\"info\":{\"version\":\"\"}}", NULL},
    {"{\"info\":{\"version\":\"v4\"}}", NULL},
    {"{\"info\":{\"version\":\"4\\u002e4\"}}", NULL},
    {"{\"info\":{\"version\":\"4 4\"}}", NULL},
    {"{\"info\":{\"version\":\"4\n4\"}}", NULL},
    {"{\"info\":{\"version\":\"4\xc3\xa9\"}}", NULL},
    {"{\"info\":{\"version\":440}}", NULL},
    {"{\"info\":{\"version\":null,\"x\":\"4.4.0\"}}", NULL},
    {"{\"info\":{\"version\":[\"4.4.0\"]}}", NULL},
    {"{\"info\":{\"version\":\"4.4", NULL},
    {"{\"info\":{\"version\":\"4.4.0\\\"", NULL},
    {"{\"info\":{\"version\\", NULL},
    {"{\"info\":{},\"version\":\"4.4.0\"}", NULL},
    {"{\"info\":{},\"x\":{\"version\":\"4.4.0\"}}", NULL},
    {"{\"info\":[{\"version\":\"4.4.0\"}]}", NULL},
    {"{\"info\":\"version\",\"x\":{\"version\":\"4.4.0\"}}", NULL},
    {"{\"a\":{\"info\":{\"version\":\"4.4.0\"}}}", NULL},
    {"[{\"info\":{\"version\":\"4.4.0\"}}]", NULL},
    {"{}{\"info\":{\"version\":\"4.4.0\"}}", NULL},
    {"}}}{\"info\":{\"version\":\"4.4.0\"}}", NULL},
    {"<html>\"info\":{\"version\":\"4.4.0\"}", NULL},
    {"\"info\":{\"version\":\"4.4.0\"}", NULL},
    {"{\"", NULL},
    {"{", NULL},
    {"   ", NULL},
    {"", NULL},
};

START_TEST(a_version_is_found_in_the_beginning_of_a_description)
{
    char version[SERVER_VERSION_TEXT_MAX] = "";
    const char *text = descriptions[_i].text, *wanted = descriptions[_i].version;
    bool found = server_version_find(text, strlen(text), version);

    ck_assert_msg(found == (wanted != NULL), "%s: %s", text, found ? version : "none");
    ck_assert_str_eq(version, wanted ? wanted : "");
}
END_TEST

/* Every beginning, in memory that ends there: a sanitizer notices a byte too much. */
START_TEST(a_description_may_be_cut_anywhere)
{
    static const char text[] = "{\"info\" : {\"a\":\"\\\"\", \"version\" : \"4.4.0\" } }";
    size_t end = (size_t)(strstr(text, "4.4.0\"") - text) + strlen("4.4.0\"");
    size_t length;

    for (length = 0; length <= strlen(text); length++) {
        char version[SERVER_VERSION_TEXT_MAX] = "";
        char *copy = malloc(length + !length);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, length);
        ck_assert_int_eq(server_version_find(copy, length, version), length >= end);
        free(copy);
    }
}
END_TEST

/* Depth costs nothing, however the brackets come. */
START_TEST(any_bytes_are_harmless)
{
    static const char alphabet[] = "{}[]\",:\\ info\"version\"4.";
    char text[SERVER_VERSION_ANSWER_MAX];
    char version[SERVER_VERSION_TEXT_MAX];
    unsigned round;
    size_t i;

    memset(text, '[', sizeof(text));
    text[0] = '{';
    ck_assert(!server_version_find(text, sizeof(text), version));
    for (round = 0; round < 2000; round++) {
        size_t length = unit_random() % 200;

        text[0] = '{';
        for (i = 1; i < length; i++)
            text[i] = alphabet[unit_random() % (sizeof(alphabet) - 1)];
        if (server_version_find(text, length, version))
            ck_assert(strlen(version) < sizeof(version) && *version == '4');
    }
}
END_TEST

UNIT_SUITE(server_version)
{
    TCase *tests;
    Suite *suite = unit_suite_create("edition", &tests);

    tcase_add_loop_test(tests, an_edition_is_told_by_the_paths_it_has, 0, (int)ARRAY_SIZE(servers));
    tcase_add_test(tests, editions_have_names);
    tcase_add_test(tests, only_a_good_answer_has_a_version);
    tcase_add_loop_test(tests, a_version_is_found_in_the_beginning_of_a_description, 0,
                        (int)ARRAY_SIZE(descriptions));
    tcase_add_test(tests, a_description_may_be_cut_anywhere);
    tcase_add_test(tests, only_what_is_unknown_is_asked_for_again);
    tcase_add_test(tests, any_bytes_are_harmless);
    return suite;
}
