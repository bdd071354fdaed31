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

/* systemd copies a credential when it starts the service; a file is read at every login. */
START_TEST(after_a_change_a_credential_needs_a_restart_and_a_file_does_not)
{
    static const struct {
        char *settings[3];
        const char *word;
    } cases[] = {
        {{"upstream.api_key_file=/key"}, "file changes"},
        {{"upstream.api_key_file=./key"}, "file changes"},
        {{"upstream.api_key_file=key"}, "restart"},
        {{"upstream.username=u", "upstream.password_file=/p"}, "file changes"},
        {{"upstream.username=u", "upstream.password_file=p"}, "restart"},
        {{"upstream.token_file=t"}, "restart"},
        {{"upstream.token_file=/t", "upstream.refresh_token_file=r"}, "restart"},
        {{"upstream.api_key_file=/key", "upstream.proxy=http://joe@p:1", "upstream.proxy_password_file=p"},
         "file changes"},
    };
    char *const *settings = cases[_i].settings;
    struct config *config = options_must_load("", SETTINGS(URL, settings[0], settings[1], settings[2]));

    ck_assert_ptr_nonnull(strstr(config_session_options(config).remedy, cases[_i].word));
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

UNIT_SUITE(config_values)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_values", &tests);

    tcase_add_test(tests, the_session_gets_what_was_configured);
    tcase_add_loop_test(tests, after_a_change_a_credential_needs_a_restart_and_a_file_does_not, 0, 8);
    tcase_add_test(tests, listen_address_is_a_list);
    return suite;
}
