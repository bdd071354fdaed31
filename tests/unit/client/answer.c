/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer_error.h"
#include "client/answer_headers.h"

#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "unit.h"

static struct answer answer;
static tb_error err;

static void set_up(void)
{
    answer = (struct answer){.headers = HEADERS_INIT, .body = BUF_INIT(4 * ANSWER_ERROR_BODY_MAX)};
    err = (tb_error)TB_ERROR_INIT;
}

static void tear_down(void)
{
    answer_free(&answer);
    tb_error_clear(&err);
}

static void come(int status, const char *type, const char *body, size_t length)
{
    tear_down();
    set_up();
    answer.status = status;
    if (type)
        ck_assert_int_eq(headers_add(&answer.headers, "Content-Type", 12, type, strlen(type)), 0);
    ck_assert_int_eq(buf_append(&answer.body, body, length), 0);
}

static void assert_error(enum tb_error_kind kind, int error_code, const char *message)
{
    int r = answer_error(&answer, "saveDevice", &err);

    ck_assert_int_lt(r, 0);
    ck_assert_int_eq(r, err.code);
    ck_assert_int_eq(err.kind, kind);
    ck_assert_int_eq(err.error_code, error_code);
    ck_assert_str_eq(err.message, message);
    ck_assert(unit_is_utf8(err.message));
}

START_TEST(each_status_has_its_kind)
{
    static const struct {
        int status;
        enum tb_error_kind kind;
    } kinds[] = {{400, TB_ERROR_BAD_REQUEST},  {401, TB_ERROR_UNAUTHORIZED}, {403, TB_ERROR_FORBIDDEN},
                 {404, TB_ERROR_NOT_FOUND},    {409, TB_ERROR_CONFLICT},     {422, TB_ERROR_UNPROCESSABLE},
                 {429, TB_ERROR_RATE_LIMITED}, {500, TB_ERROR_SERVICE},      {503, TB_ERROR_SERVICE},
                 {599, TB_ERROR_SERVICE},      {600, TB_ERROR_HTTP},         {302, TB_ERROR_HTTP},
                 {304, TB_ERROR_HTTP},         {405, TB_ERROR_HTTP},         {418, TB_ERROR_HTTP},
                 {499, TB_ERROR_HTTP}};
    size_t i;
    char message[100];

    for (i = 0; i < ARRAY_SIZE(kinds); i++) {
        come(kinds[i].status, NULL, "", 0);
        ck_assert(!answer_is_success(&answer));
        snprintf(message, sizeof(message), "saveDevice: the server answered HTTP %d", kinds[i].status);
        assert_error(kinds[i].kind, 0, message);
        ck_assert_int_eq(err.status, kinds[i].status);
        ck_assert_ptr_null(err.body);
        ck_assert_str_ne(tb_error_kind_name(err.kind), "unknown");
    }
    for (i = 200; i < 300; i++) {
        come((int)i, NULL, "", 0);
        ck_assert(answer_is_success(&answer));
    }
}
END_TEST

START_TEST(the_servers_message_is_in_the_error)
{
    static const char body[] =
        "{\"status\":404,\"message\":\"Device is not found!\",\"errorCode\":32,\"timestamp\":1795415381458}";

    come(404, "application/json", body, strlen(body));
    assert_error(TB_ERROR_NOT_FOUND, 32, "saveDevice: the server answered HTTP 404: Device is not found!");
    ck_assert_str_eq(err.body, body);
    ck_assert_uint_eq(err.body_length, strlen(body));
    come(413, NULL, "\"too large\"", 11);
    assert_error(TB_ERROR_HTTP, 0, "saveDevice: the server answered HTTP 413: too large");
    come(400, "text/plain", "no\r\nsuch\tkey \n", 14);
    assert_error(TB_ERROR_BAD_REQUEST, 0, "saveDevice: the server answered HTTP 400: no  such key");
    come(400, "text/html", "<html><body>Bad</body></html>", 29);
    assert_error(TB_ERROR_BAD_REQUEST, 0, "saveDevice: the server answered HTTP 400");
    ck_assert_str_eq(err.body, "<html><body>Bad</body></html>");
    come(400, "application/json", "{\"message\":3,\"errorCode\":\"x\"}", 29);
    assert_error(TB_ERROR_BAD_REQUEST, 0, "saveDevice: the server answered HTTP 400");
    come(400, "application/json", "{\"errorCode\":99999999999}", 25);
    assert_error(TB_ERROR_BAD_REQUEST, 0, "saveDevice: the server answered HTTP 400");
}
END_TEST

START_TEST(tbproxyds_own_errors_are_not_the_servers)
{
    static const char own[] = "tbproxyd; error=http_request_denied";
    static const char other[] = "tbproxyd; received-status=429; details=\"x\"";

    come(403, NULL, "no", 2);
    headers_add(&answer.headers, "Proxy-Status", 12, own, strlen(own));
    assert_error(TB_ERROR_FORBIDDEN, 0, "saveDevice: tbproxyd answered HTTP 403: no");
    come(429, NULL, "no", 2);
    headers_add(&answer.headers, "Proxy-Status", 12, other, strlen(other));
    assert_error(TB_ERROR_RATE_LIMITED, 0, "saveDevice: the server answered HTTP 429: no");
}
END_TEST

START_TEST(latin1_becomes_utf8)
{
    come(409, "application/json;charset=ISO-8859-1", "{\"message\":\"Ger\xe4t\"}", 19);
    assert_error(TB_ERROR_CONFLICT, 0, "saveDevice: the server answered HTTP 409: Ger\xc3\xa4t");
    ck_assert_str_eq(err.body, "{\"message\":\"Ger\xe4t\"}");        /* as it came */
    come(409, "application/json", "{\"message\":\"Ger\xe4t\"}", 19); /* labelled wrongly */
    assert_error(TB_ERROR_CONFLICT, 0, "saveDevice: the server answered HTTP 409: Ger\xc3\xa4t");
    come(409, "application/json", "{\"message\":\"Ger\xc3\xa4t\"}", 20);
    assert_error(TB_ERROR_CONFLICT, 0, "saveDevice: the server answered HTTP 409: Ger\xc3\xa4t");
}
END_TEST

START_TEST(messages_and_bodies_are_bounded)
{
    size_t size = ANSWER_ERROR_BODY_MAX + 1;
    char *body = malloc(size);
    size_t i;

    ck_assert_ptr_nonnull(body);
    for (i = 0; i < size; i++)
        body[i] = i % 2 ? '\xa4' : '\xc3';
    come(400, "text/plain", body, 1001);
    ck_assert_int_eq(answer_error(&answer, "saveDevice", &err), -EINVAL);
    ck_assert(unit_is_utf8(err.message));
    ck_assert_uint_lt(strlen(err.message), TB_ERROR_MESSAGE_MAX);
    come(500, NULL, body, size - 1);
    answer_error(&answer, "saveDevice", &err);
    ck_assert_uint_eq(err.body_length, ANSWER_ERROR_BODY_MAX);
    come(500, NULL, body, size);
    answer_error(&answer, "saveDevice", &err);
    ck_assert_uint_eq(err.body_length, ANSWER_ERROR_BODY_MAX);
    ck_assert_int_eq(err.body[ANSWER_ERROR_BODY_MAX], '\0');
    free(body);
}
END_TEST

START_TEST(a_missing_answer_has_its_kind)
{
    answer.outcome = REQUEST_FAILED;
    snprintf(answer.reason, sizeof(answer.reason), "Connection refused");
    assert_error(TB_ERROR_TRANSPORT, 0, "saveDevice: no answer from the server: Connection refused");
    answer.timed_out = true;
    ck_assert_int_eq(answer_error(&answer, "x", &err), -ETIMEDOUT);
    ck_assert_int_eq(err.kind, TB_ERROR_TIMEOUT);
    answer.timed_out = false;
    answer.failed_in_tls = true;
    ck_assert_int_lt(answer_error(&answer, "x", &err), 0);
    ck_assert_int_eq(err.kind, TB_ERROR_TLS);
    answer.outcome = REQUEST_NO_SESSION;
    ck_assert_int_lt(answer_error(&answer, "x", &err), 0);
    ck_assert_int_eq(err.kind, TB_ERROR_TRANSPORT);
    answer.locked_out = true;
    ck_assert_int_lt(answer_error(&answer, "x", &err), 0);
    ck_assert_int_eq(err.kind, TB_ERROR_UNAUTHORIZED);
    ck_assert_int_eq(err.status, 401);
    answer.outcome = REQUEST_SESSION_LATE;
    ck_assert_int_lt(answer_error(&answer, "x", &err), 0);
    ck_assert_int_eq(err.kind, TB_ERROR_TIMEOUT);
    answer.outcome = REQUEST_TO_LOGIN_PAGE;
    ck_assert_int_lt(answer_error(&answer, "x", &err), 0);
    ck_assert_int_eq(err.kind, TB_ERROR_UNAUTHORIZED);
    answer.given_up = true;
    ck_assert_int_eq(answer_error(&answer, "x", &err), -ECANCELED);
    ck_assert_int_eq(err.kind, TB_ERROR_TRANSPORT);
    ck_assert_int_eq(answer_error(&answer, "x", NULL), -ECANCELED);
}
END_TEST

START_TEST(file_names_are_safe)
{
    static const struct {
        const char *disposition;
        const char *name;
    } rows[] = {
        {"attachment; filename=\"a b.png\"", "a b.png"},
        {"attachment;filename=a.png;x=y", "a.png"},
        {"attachment; filename=\"x.png\"; filename*=UTF-8''%C3%A4.png", "\xc3\xa4.png"},
        {"attachment; filename=\"x.png\"; filename*=UTF-8''%2e%2e%2fetc", "x.png"},
        {"attachment; filename=\"../../etc/passwd\"", ""},
        {"attachment; filename=\".bashrc\"", ""},
        {"attachment; filename=\"a\\\"b\"", "a\"b"},
        {"attachment; filename=\"\xff\"", ""},
        {"attachment; filename=\"open", "open"},
        {"attachment; filename*=UTF-8''%0a%00", ""},
        {"inline", ""},
        {"", ""},
    };
    char name[256];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        headers_clear(&answer.headers);
        ck_assert_int_eq(headers_add(&answer.headers, "Content-Disposition", 19, rows[i].disposition,
                                     strlen(rows[i].disposition)),
                         0);
        answer_file_name(&answer.headers, name, sizeof(name));
        ck_assert_str_eq(name, rows[i].name);
    }
    headers_clear(&answer.headers);
    answer_file_name(&answer.headers, name, sizeof(name));
    ck_assert_str_eq(name, "");
}
END_TEST

START_TEST(lengths_are_numbers)
{
    static const struct {
        const char *text;
        int64_t length;
    } rows[] = {{"0", 0},
                {"9223372036854775807", INT64_MAX},
                {"9223372036854775808", -1},
                {"-1", -1},
                {"", -1},
                {"1x", -1},
                {" 1", -1}};
    size_t i;

    ck_assert_int_eq(answer_length(&answer.headers), -1);
    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        headers_clear(&answer.headers);
        headers_add(&answer.headers, "Content-Length", 14, rows[i].text, strlen(rows[i].text));
        ck_assert_int_eq(answer_length(&answer.headers), rows[i].length);
    }
}
END_TEST

UNIT_SUITE(answer)
{
    TCase *tests;
    Suite *suite = unit_suite_create("answer", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_status_has_its_kind);
    tcase_add_test(tests, the_servers_message_is_in_the_error);
    tcase_add_test(tests, tbproxyds_own_errors_are_not_the_servers);
    tcase_add_test(tests, latin1_becomes_utf8);
    tcase_add_test(tests, messages_and_bodies_are_bounded);
    tcase_add_test(tests, a_missing_answer_has_its_kind);
    tcase_add_test(tests, file_names_are_safe);
    tcase_add_test(tests, lengths_are_numbers);
    return suite;
}
