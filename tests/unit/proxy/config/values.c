/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/values.h"

#include "base/util.h"
#include "known_options.h"

#define URL "upstream.url=http://tb.example"

START_TEST(the_session_gets_what_was_configured)
{
    struct config *config =
        options_must_load("", SETTINGS(URL, "upstream.username=u", "upstream.password_file=/p"));
    struct session_options options = config_session_options(config);

    ck_assert_str_eq(options.username, "u");
    ck_assert_str_eq(options.password.file, "/p");
    ck_assert_str_eq(options.api_key.file, "");
    ck_assert_str_eq(options.token.file, "");
    ck_assert_str_eq(options.refresh_token.file, "");
    ck_assert_ptr_eq(options.username, config->upstream.username);
    config_free(config);
    config = options_must_load("", SETTINGS(URL, "upstream.token_file=/t", "upstream.refresh_token_file=/r"));
    options = config_session_options(config);
    ck_assert_str_eq(options.token.file, "/t");
    ck_assert_str_eq(options.refresh_token.file, "/r");
    config_free(config);
}
END_TEST

START_TEST(listen_address_is_a_list)
{
    const char *found[LISTEN_ADDRESSES_MAX];
    struct config config = {.listen.address = (char[]){"::1, 127.0.0.1"}};

    ck_assert_int_eq(config_listen_addresses(&config, found), 2);
    ck_assert_str_eq(found[0], "::1");
    ck_assert_str_eq(found[1], "127.0.0.1");
    config.listen.address = (char[]){""};
    ck_assert_int_eq(config_listen_addresses(&config, found), 0);
}
END_TEST

START_TEST(the_spool_is_in_the_directory_of_the_service)
{
    struct config config = {.spool.directory = (char[]){""}};
    char path[PATH_MAX];

    unsetenv("STATE_DIRECTORY");
    ck_assert_int_eq(config_spool_directory(&config, path), 0);
    ck_assert_str_eq(path, "/var/lib/tbproxyd");
    setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
    ck_assert_int_eq(config_spool_directory(&config, path), 0);
    ck_assert_str_eq(path, "/var/lib/a");
    config.spool.directory = (char[]){"/c:d"};
    ck_assert_int_eq(config_spool_directory(&config, path), 0);
    ck_assert_str_eq(path, "/c:d");
}
END_TEST

UNIT_SUITE(config_values)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_values", &tests);

    tcase_add_test(tests, the_session_gets_what_was_configured);
    tcase_add_test(tests, listen_address_is_a_list);
    tcase_add_test(tests, the_spool_is_in_the_directory_of_the_service);
    return suite;
}
