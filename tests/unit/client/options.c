/* SPDX-License-Identifier: Apache-2.0 */
#include "client/options.h"

#include "base/secret.h"
#include "base/util.h"
#include "unit.h"

static void assert_options(const tb_client_options *options, const char *word)
{
    tb_error err = TB_ERROR_INIT;
    tb_client *client = NULL;

    if (!word) {
        ck_assert_msg(options_check(options, &err) == 0, "%s", err.message);
        return;
    }
    ck_assert_int_lt(tb_client_open(options, &client, &err), 0);
    ck_assert_ptr_null(client);
    ck_assert_int_eq(err.kind, TB_ERROR_USAGE);
    ck_assert_msg(strstr(err.message, word) != NULL, "%s", err.message);
}

#define WITH(...)                                                                                            \
    &(tb_client_options)                                                                                     \
    {                                                                                                        \
        .url = "http://localhost", __VA_ARGS__                                                               \
    }

/* None; an API key; username and password; a token, with or without a refresh token. */
START_TEST(at_most_one_whole_credential)
{
    unsigned given;

    for (given = 0; given < 32; given++) {
        bool right = given == 0 || given == 1 || given == (2 | 4) || given == 8 || given == (8 | 16);

        assert_options(WITH(.api_key = given & 1 ? "k" : NULL, .username = given & 2 ? "u" : NULL,
                            .password = given & 4 ? "p" : NULL, .token = given & 8 ? "t" : NULL,
                            .refresh_token = given & 16 ? "r" : NULL),
                       right ? NULL : "");
    }
}
END_TEST

START_TEST(empty_strings_are_refused)
{
    assert_options(&(tb_client_options){0}, "url");
    assert_options(&(tb_client_options){.url = ""}, "url");
    assert_options(WITH(.api_key = ""), "api_key");
    assert_options(WITH(.username = "", .password = "p"), "username");
    assert_options(WITH(.username = "u", .password = ""), "password");
    assert_options(WITH(.token = ""), "token");
    assert_options(WITH(.token = "t", .refresh_token = ""), "refresh_token");
    assert_options(WITH(.unix_socket = ""), "unix_socket");
    assert_options(WITH(.ca_file = ""), "ca_file");
    assert_options(WITH(.certificate_file = "", .key_file = "k"), "certificate_file");
}
END_TEST

START_TEST(secrets_are_one_line_of_bounded_length)
{
    char *longest = malloc(SECRET_MAX_BYTES + 2);

    ck_assert_ptr_nonnull(longest);
    memset(longest, 'k', SECRET_MAX_BYTES + 1);
    longest[SECRET_MAX_BYTES + 1] = '\0';
    assert_options(WITH(.api_key = longest), "api_key");
    longest[SECRET_MAX_BYTES] = '\0';
    assert_options(WITH(.api_key = longest), NULL);
    free(longest);
    assert_options(WITH(.api_key = "k\r\nX-Evil: y"), "api_key");
    assert_options(WITH(.token = "t\n"), "token");
    assert_options(WITH(.username = "u", .password = "\xff"), "password");
    assert_options(WITH(.username = "\xff", .password = "p"), "username");
    assert_options(WITH(.username = "\xc3\xa4", .password = "p\xc3\xa4"), NULL);
}
END_TEST

START_TEST(numbers_are_checked)
{
    const int64_t day = INT64_C(86400000);

    assert_options(WITH(.timeout_ms = -1), "timeout_ms");
    assert_options(WITH(.timeout_ms = day), NULL);
    assert_options(WITH(.timeout_ms = day + 1), "timeout_ms");
    assert_options(WITH(.connect_timeout_ms = -1), "connect_timeout_ms");
    assert_options(WITH(.initial_retry_delay_ms = -1), "initial_retry_delay_ms");
    assert_options(WITH(.max_retry_delay_ms = 999), "max_retry_delay_ms");
    assert_options(WITH(.max_retry_delay_ms = 1000), NULL);
    assert_options(WITH(.initial_retry_delay_ms = 30001), "max_retry_delay_ms");
    assert_options(WITH(.max_connections = 4096), NULL);
    assert_options(WITH(.max_connections = 4097), "max_connections");
}
END_TEST

START_TEST(urls_and_files_are_checked)
{
    assert_options(&(tb_client_options){.url = "ftp://host"}, "url");
    assert_options(&(tb_client_options){.url = "http://user:pw@host"}, "url");
    assert_options(WITH(.certificate_file = "c"), "must be set together");
    assert_options(WITH(.key_file = "k"), "must be set together");
    assert_options(WITH(.certificate_file = "c", .key_file = "k"), NULL);
}
END_TEST

START_TEST(zeros_mean_the_defaults)
{
    tb_client_options options = {.url = "http://localhost"};
    struct request_options request = options_request(&options);
    struct transport_options transport = options_transport(&options);

    ck_assert(!request.retry.off);
    ck_assert_uint_eq(request.retry.max_retries, 3);
    ck_assert_int_eq(request.retry.initial_delay_ms, 1000);
    ck_assert_int_eq(request.retry.max_delay_ms, 30000);
    ck_assert_int_eq(request.timeout_ms, 60000);
    ck_assert_uint_eq(request.response_max, (size_t)64 << 20);
    ck_assert_int_eq(transport.connect_timeout_ms, 10000);
    ck_assert_int_eq(transport.max_connections, 16);
}
END_TEST

START_TEST(a_copy_is_independent)
{
    char key[] = "secret";
    tb_client_options options = {.url = "http://localhost", .api_key = key}, copy;

    ck_assert_int_eq(options_copy(&options, &copy), 0);
    key[0] = 'X';
    ck_assert_str_eq(copy.api_key, "secret");
    ck_assert_str_eq(copy.url, "http://localhost");
    options_free(&copy);
    ck_assert_ptr_null(copy.api_key);
}
END_TEST

UNIT_SUITE(options)
{
    TCase *tests;
    Suite *suite = unit_suite_create("options", &tests);

    tcase_add_test(tests, at_most_one_whole_credential);
    tcase_add_test(tests, empty_strings_are_refused);
    tcase_add_test(tests, secrets_are_one_line_of_bounded_length);
    tcase_add_test(tests, numbers_are_checked);
    tcase_add_test(tests, urls_and_files_are_checked);
    tcase_add_test(tests, zeros_mean_the_defaults);
    tcase_add_test(tests, a_copy_is_independent);
    return suite;
}
