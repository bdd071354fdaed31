/* SPDX-License-Identifier: Apache-2.0 */
/* What is made from the option table besides the parser: the help, the sample and the reload. */
#include <stdio.h>

#include "base/log.h"
#include "base/util.h"
#include "known_options.h"

static void set_up(void)
{
    log_set_level(LOG_LEVEL_INFO);
    options_read_help();
}

START_TEST(the_help_has_every_option)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++)
        ck_assert_msg(known_options[i].found, "%s.%s", known_options[i].section, known_options[i].name);
}
END_TEST

static void assert_equal(const struct config *a, const struct config *b)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++) {
        char *text = strdup(option_text(&known_options[i], a));

        ck_assert_str_eq(option_text(&known_options[i], b), text);
        free(text);
    }
}

/* As it is printed, with all options as comments; and with the "# " before every option removed. */
START_TEST(the_help_is_a_configuration_of_the_defaults)
{
    char **required = SETTINGS("upstream.url=http://tb.example:8080", "upstream.api_key_file=/key");
    char *help = options_help(), *line = help;
    struct config *defaults = options_must_load("", required), *commented, *set;

    commented = options_must_load(help, required);
    while ((line = strstr(line, "\n    # "))) {
        char name[64];
        size_t length = strcspn(line + 1, "\n");

        if (sscanf(line + 7, "%63[a-z_] =", name) == 1 && line[length] == ';')
            memcpy(line + 5, "  ", 2);
        line += length;
    }
    ck_assert_ptr_nonnull(strstr(help, "\n      port = 8282;"));
    set = options_must_load(help, required);
    assert_equal(defaults, commented);
    assert_equal(defaults, set);
    free(help);
    config_free(defaults);
    config_free(commented);
    config_free(set);
}
END_TEST

START_TEST(the_sample_is_what_the_help_prints)
{
    char *sample = unit_source("etc/tbproxyd.conf");
    char *help = options_help();
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++) {
        char line[100];

        snprintf(line, sizeof(line), "\n    # %s = ", known_options[i].name);
        ck_assert_msg(strstr(sample, line) != NULL, "etc/tbproxyd.conf lacks %s.%s", known_options[i].section,
                      known_options[i].name);
    }
    ck_assert_msg(strcmp(sample, help) == 0, "etc/tbproxyd.conf is out of date: make update-config");
    free(sample);
    free(help);
}
END_TEST

static const char *const other_credentials[] = {
    "upstream = { url = \"https://other\"; username = \"u\"; password_file = \"/p\"; connect_timeout_ms = 9;",
    "upstream = { url = \"https://other\"; token_file = \"/t\"; refresh_token_file = \"/r\"; "
    "connect_timeout_ms = 9;",
};

/* A configuration in which every option differs from its default, except the other ways to authenticate. */
static struct config *load_other(const char *credentials)
{
    char text[2000];

    snprintf(
        text, sizeof(text),
        "%s timeout_ms = 8; max_connections = 7; http2 = \"off\"; max_window_growth = 5; max_requests = 9;\n"
        "  fallback_urls = \"http://b\"; };\n"
        "listen = { address = \"::1\"; port = 6; unix_path = \"/u\"; unix_mode = \"0600\"; unix_group = \"1\"; "
        "hosts = \"h\"; origins = \"http://o\"; "
        "max_connections = 5;\n"
        "  idle_timeout_s = 4; };\n"
        "admin = { unix_path = \"/a\"; unix_group = \"1\"; address = \"[::1]:1\"; };\n"
        "status = { on_api = false; };\n"
        "retry = { retry_on_rate_limit = false; max_retries = 2; initial_retry_delay_ms = 1001;\n"
        "  max_retry_delay_ms = 30001; retry_unsafe = true; };\n"
        "rate = { limits = \"1:1\"; learn = false; };\n"
        "queue = { max_requests = 1; max_bytes = 2000; max_wait_ms = 1; urgency = \"saveDevice=1\"; };\n"
        "merge = { mode = \"always\"; max_bytes = 2000; };\njoin = { reads = false; };\n"
        "spool = { mode = \"outage\"; directory = \"/s\"; after_ms = 2; status = 200; max_body_bytes = 2000;\n"
        "  max_bytes = 3000000; max_rows = 200; max_age_hours = 1; when_full = \"drop-oldest\"; };\n"
        "limits = { max_body_bytes = 1; max_kept_body_bytes = 2000; max_response_bytes = 270000;\n"
        "  max_buffered_bytes = 70000;\n"
        "  session_wait_ms = 1; drain_timeout_ms = 1; };\n"
        "forward = { request_headers = \"X-A\"; };\nlog = { level = \"debug\"; };\n",
        credentials);
    return options_must_load(text, NULL);
}

START_TEST(a_reload_applies_reloadable_options_and_names_the_rest)
{
    struct config *config = options_must_load(MINIMAL, NULL), *old = options_must_load(MINIMAL, NULL);
    struct config *fresh = load_other(other_credentials[_i]);
    const char *log;
    size_t i, taken = 0;

    unit_capture();
    config_reload(config, fresh, NULL);
    log = unit_captured();
    for (i = 0; i < OPTION_COUNT; i++) {
        const struct known_option *option = &known_options[i];
        char *before = strdup(option_text(option, old));
        char *wanted = strdup(option_text(option, fresh));
        char name[100], *line;

        snprintf(name, sizeof(name), "%s.%s ", option->section, option->name);
        line = strstr(log, name);
        ck_assert_str_eq(option_text(option, config), option->reloadable ? wanted : before);
        ck_assert_msg((line != NULL) == (strcmp(before, wanted) != 0), "%s: %s", name, log);
        if (line && !option->reloadable)
            ck_assert_uint_lt(strcspn(line, "\n"), strlen(line)); /* on a line of its own */
        if (line)
            ck_assert_int_eq(memmem(line, strcspn(line, "\n"), "restart", 7) == NULL, option->reloadable);
        taken += option->reloadable;
        free(before);
        free(wanted);
    }
    ck_assert_uint_gt(taken, 0);
    config_free(config);
    config_free(old);
    config_free(fresh);
}
END_TEST

START_TEST(a_reload_without_changes_logs_nothing)
{
    struct config *config = options_must_load(MINIMAL, NULL), *fresh = options_must_load(MINIMAL, NULL);

    unit_capture();
    config_reload(config, fresh, NULL);
    ck_assert_str_eq(unit_captured(), "");
    assert_equal(config, fresh);
    config_free(config);
    config_free(fresh);
}
END_TEST

UNIT_SUITE(config_help)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_help", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, the_help_has_every_option);
    tcase_add_test(tests, the_help_is_a_configuration_of_the_defaults);
    tcase_add_test(tests, the_sample_is_what_the_help_prints);
    tcase_add_loop_test(tests, a_reload_applies_reloadable_options_and_names_the_rest, 0, 2);
    tcase_add_test(tests, a_reload_without_changes_logs_nothing);
    return suite;
}
