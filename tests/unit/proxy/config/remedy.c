/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/remedy.h"

#include <stdio.h>

#include "base/util.h"
#include "known_options.h"

#define URL "upstream.url=http://tb.example"
#define KEY "upstream.api_key_file=/key"

/* systemd copies a credential when it starts the service; a file is read at every login. */
START_TEST(a_credential_of_systemd_needs_a_restart_and_a_file_does_not)
{
    static const struct {
        char *settings[3];
        const char *words;
    } cases[] = {
        {{KEY}, "put a new API key into /key; tbproxyd reads it within 2 s"},
        {{"upstream.api_key_file=./key"}, "into ./key; tbproxyd reads it within 2 s"},
        {{"upstream.api_key_file=api-key"}, "in the unit (/etc/tbproxyd/api-key), then: systemctl restart"},
        {{"upstream.api_key_file=key"},
         "the file that LoadCredential=key: names in the unit, then: systemctl restart tbproxyd"},
        {{"upstream.username=u", "upstream.password_file=/p"},
         "correct the password in /p; tbproxyd reads it within 2 s; or upstream.username in "},
        {{"upstream.username=u", "upstream.password_file=p"}, "then: systemctl restart tbproxyd"},
        {{"upstream.token_file=t"}, "put a new token into the file that LoadCredential=t: names in the unit"},
        {{"upstream.token_file=/t", "upstream.refresh_token_file=r"}, "upstream.refresh_token_file, "},
        {{KEY, "upstream.proxy=http://joe@p:1", "upstream.proxy_password_file=p"}, "within 2 s"},
    };
    char *const *settings = cases[_i].settings;
    struct config *config = options_must_load("", SETTINGS(URL, settings[0], settings[1], settings[2]));
    CLEANUP(free_pointer) char *remedy = remedy_for_credential(config);

    ck_assert_msg(strstr(remedy, cases[_i].words) != NULL, "%s", remedy);
    config_free(config);
}
END_TEST

START_TEST(a_failure_names_the_option_the_file_and_the_restart)
{
    static const struct {
        char *setting;
        int status;
        const char *token, *words;
    } cases[] = {
        {KEY, 0, "connection_refused", "is it running? Check upstream.url in "},
        {KEY, 0, "connection_timeout", "Is a firewall in between? Check upstream.url in "},
        {KEY, 0, "http_response_timeout", "is it running, and not overloaded?"},
        {KEY, 0, "anything_else", "is it running, and not overloaded?"},
        {KEY, 0, NULL, "is it running, and not overloaded?"},
        {KEY, 0, "dns_error", "Check the name in upstream.url"},
        {KEY, 0, "tls_certificate_error", "set upstream.ca_file;"},
        {"upstream.ca_file=/ca", 0, "tls_certificate_error", "upstream.ca_file must hold"},
        {KEY, 0, "tls_protocol_error", "upstream.tls_min_version"},
        {"upstream.proxy=http://p:1", 0, "connection_refused", "reached through upstream.proxy"},
        {"upstream.proxy=http://p:1", 0, "dns_error", "reached through upstream.proxy"},
        {"upstream.proxy=http://p:1", 0, "connection_terminated", "reached through upstream.proxy"},
        {"upstream.proxy=http://p:1", 0, "http_response_timeout", "is it running"},
        {"upstream.http2=prior-knowledge", 0, "connection_terminated", "set upstream.http2 to"},
        {"upstream.http2=prior-knowledge", 0, "connection_refused", "Check upstream.url"},
        {KEY, 502, NULL, "is ThingsBoard itself running?"},
        {KEY, 504, NULL, "is ThingsBoard itself running?"},
        {KEY, 200, NULL, "captive portal"},
        {KEY, 302, NULL, "captive portal"},
    };
    struct config *config = options_must_load("", SETTINGS(URL, KEY, cases[_i].setting));
    CLEANUP(free_pointer) char *end = NULL;
    char remedy[TB_ERROR_MESSAGE_MAX];

    remedy_for_failure(config, cases[_i].status, cases[_i].token, remedy, sizeof(remedy));
    ck_assert_msg(strstr(remedy, cases[_i].words) != NULL, "%s", remedy);
    ck_assert_int_gt(asprintf(&end, " in %s; after a change: systemctl restart tbproxyd", options_path()), 0);
    ck_assert_msg(strlen(remedy) > strlen(end) && strcmp(remedy + strlen(remedy) - strlen(end), end) == 0,
                  "%s", remedy);
    config_free(config);
}
END_TEST

UNIT_SUITE(config_remedy)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_remedy", &tests);

    tcase_add_loop_test(tests, a_credential_of_systemd_needs_a_restart_and_a_file_does_not, 0, 9);
    tcase_add_loop_test(tests, a_failure_names_the_option_the_file_and_the_restart, 0, 19);
    return suite;
}
