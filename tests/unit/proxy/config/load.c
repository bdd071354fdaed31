/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/util.h"
#include "known_options.h"

static void set_up(void)
{
    log_set_level(LOG_LEVEL_INFO);
    options_read_help();
}

START_TEST(a_short_file_is_enough_and_the_rest_is_the_default)
{
    struct config *config = options_must_load(MINIMAL, NULL);
    size_t i;

    ck_assert_str_eq(config->upstream.url, "http://tb.example:8080");
    ck_assert_str_eq(config->upstream.api_key_file, "/key");
    for (i = 2; i < OPTION_COUNT; i++)
        ck_assert_str_eq(option_text(&known_options[i], config), known_options[i].initial);
    ck_assert_str_eq(config->listen.address, "127.0.0.1, ::1");
    ck_assert_int_eq(config->listen.port, 8282);
    ck_assert(config->retry.retry_on_rate_limit);
    ck_assert_int_eq(config->retry.max_retries, 3);
    ck_assert_int_eq(config->retry.initial_retry_delay_ms, 1000);
    ck_assert_int_eq(config->retry.max_retry_delay_ms, 30000);
    ck_assert(!config->retry.retry_unsafe);
    ck_assert_int_eq(config->log.level, LOG_LEVEL_INFO);
    config_free(config);
    config_free(NULL);
}
END_TEST

/* Loads with one option set, in the file or by --set, and with others that it must fit. */
static int load_with(const struct known_option *option, const char *value, bool in_file, struct config **ret,
                     struct tb_error *err)
{
    static const struct {
        const char *name;
        char *setting;
    } companions[] = {{"limits.max_kept_body_bytes", "limits.max_buffered_bytes=68719476736"},
                      {"limits.max_kept_body_bytes", "queue.max_bytes=68719476736"},
                      {"limits.max_buffered_bytes", "limits.max_kept_body_bytes=0"},
                      {"queue.max_bytes", "limits.max_kept_body_bytes=0"},
                      {"retry.initial_retry_delay_ms", "retry.max_retry_delay_ms=3600000"},
                      {"retry.max_retry_delay_ms", "retry.initial_retry_delay_ms=1"}};
    char *settings[6] = {"upstream.url=http://tb", "upstream.api_key_file=/key", NULL};
    char text[200] = "", setting[200], full_name[100];
    size_t i, count = 2;

    snprintf(full_name, sizeof(full_name), "%s.%s", option->section, option->name);
    for (i = 0; i < ARRAY_SIZE(companions); i++)
        if (strcmp(companions[i].name, full_name) == 0)
            settings[count++] = companions[i].setting;
    if (in_file)
        snprintf(text, sizeof(text), "%s = {\n %s = %s;\n};\n", option->section, option->name, value);
    snprintf(setting, sizeof(setting), "%s.%s=%s", option->section, option->name, value);
    if (!in_file)
        settings[count] = setting;
    return options_load(text, settings, ret, err);
}

static void assert_taken(const struct known_option *option, const char *value, bool in_file)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;

    ck_assert_msg(load_with(option, value, in_file, &config, &err) == 0, "%s = %s: %s", option->name, value,
                  err.message);
    ck_assert_str_eq(option_text(option, config), value);
    config_free(config);
}

/* The message names the option; and, for one in the file, the file. */
static void assert_not_taken(const struct known_option *option, const char *value, bool in_file)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    char name[100];

    ck_assert_msg(load_with(option, value, in_file, &config, &err) == -EINVAL, "%s = %s", option->name,
                  value);
    snprintf(name, sizeof(name), "%s.%s", option->section, option->name);
    ck_assert_msg(strstr(err.message, name) != NULL, "%s", err.message);
    ck_assert_ptr_null(config);
}

/* In a file, a number of more than 32 bits has the suffix "L" (libconfig). */
static const char *number(int64_t value, bool in_file)
{
    static char text[32];

    snprintf(text, sizeof(text), "%" PRId64 "%s", value, in_file && value != (int32_t)value ? "L" : "");
    return text;
}

static void assert_number_taken(const struct known_option *option, int64_t value, bool in_file)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;

    ck_assert_msg(load_with(option, number(value, in_file), in_file, &config, &err) == 0, "%s: %s",
                  number(value, in_file), err.message);
    ck_assert_str_eq(option_text(option, config), number(value, false));
    config_free(config);
}

static void assert_bounds(const struct known_option *option, bool in_file)
{
    const int64_t beyond[] = {option->minimum - 1, option->maximum + 1, -1000000,
                              INT32_MIN,           INT64_MIN,           INT64_MAX};
    size_t i;

    ck_assert_int_lt(option->minimum, option->maximum);
    assert_number_taken(option, option->minimum, in_file);
    assert_number_taken(option, option->maximum, in_file);
    for (i = 0; i < ARRAY_SIZE(beyond); i++)
        assert_not_taken(option, number(beyond[i], in_file), in_file);
}

START_TEST(integers_have_their_bounds)
{
    size_t i;

    for (i = 0; i < OPTION_COUNT; i++)
        if (known_options[i].kind == KIND_INTEGER)
            assert_bounds(&known_options[i], _i);
}
END_TEST

/* Accepted as it is, or refused; never cut to 32 bits. A leading zero does not make it octal (libconfig). */
START_TEST(a_large_number_without_a_suffix_is_not_cut)
{
    static const char *const large[] = {"4294967297",  "4294968296",   "-4294967295", "18446744073709551617",
                                        "04294967297", "010000000001", "0x100000001", "0x10000000000000001"};
    const char *taken;
    struct tb_error err = TB_ERROR_INIT;
    struct config *config;
    size_t i, n;

    for (i = 0; i < OPTION_COUNT; i++)
        for (n = 0; known_options[i].kind == KIND_INTEGER && n < ARRAY_SIZE(large); n++) {
            config = NULL;
            if (load_with(&known_options[i], large[n], true, &config, &err) < 0)
                continue;
            taken = option_text(&known_options[i], config);
            ck_assert_msg(strtoll(taken, NULL, 10) > INT32_MAX, "%s = %s is taken as %s",
                          known_options[i].name, large[n], taken);
            config_free(config);
        }
}
END_TEST

START_TEST(large_numbers_in_comments_and_strings_are_ignored)
{
    struct config *config =
        options_must_load(MINIMAL "# 99999999999\n// 99999999999\n/* 99999999999\n */\n"
                                  "forward = { request_headers = \"X-99999999999, \\\"9999999999\"; };\n"
                                  "limits = { max_buffered_bytes = 68719476736L; }; # 5000000000\n",
                          NULL);

    ck_assert_str_eq(config->forward.request_headers, "X-99999999999, \"9999999999");
    ck_assert_int_eq(config->limits.max_buffered_bytes, INT64_C(68719476736));
    config_free(config);
}
END_TEST

START_TEST(only_the_right_type_is_taken)
{
    static const char *const wrong_in_file[][10] = {
        [KIND_STRING] = {"1", "true", "1.5", "[1]", "(1)", "{ x = 1; }", "(\"x\")"},
        [KIND_INTEGER] = {"\"1\"", "true", "1.0", "[1]", "(1)", "{ x = 1; }", "\"\""},
        [KIND_BOOLEAN] = {"1", "0", "\"true\"", "1.0", "(true)", "{ x = true; }", "\"\""},
        [KIND_LEVEL] = {"1", "true", "\"loud\"", "\"\"", "\"Info\"", "(\"info\")", "2.0"},
        [KIND_FORMAT] = {"1", "true", "\"journal\"", "\"\"", "\"JSON\"", "(\"json\")", "2.0"},
        [KIND_MODE] = {"1", "true", "\"on\"", "\"\"", "\"Off\"", "(\"off\")", "2.0"},
        [KIND_TLS] = {"1", "1.2", "\"1.1\"", "\"\"", "true", "(\"1.2\")"},
        [KIND_HTTP2] = {"1", "true", "\"on\"", "\"\"", "\"Off\"", "(\"off\")", "2.0"},
    };
    static const char *const wrong_in_setting[][10] = {
        [KIND_STRING] = {NULL},
        [KIND_INTEGER] = {"", "x", "1x", "1.0", " 1", "0x10", "99999999999999999999", "1 ", "true"},
        [KIND_BOOLEAN] = {"", "1", "yes", "True", "truee", "on"},
        [KIND_LEVEL] = {"", "1", "loud", "INFO", "info "},
        [KIND_FORMAT] = {"", "1", "xml", "Text", "text "},
        [KIND_MODE] = {"", "1", "on", "OFF", "off "},
        [KIND_TLS] = {"", "1", "1.1", "1.2 ", "TLSv1.2"},
        [KIND_HTTP2] = {"", "1", "on", "OFF", "off ", "prior"},
    };
    const struct known_option *option = &known_options[_i];
    size_t i;

    for (i = 0; wrong_in_file[option->kind][i]; i++)
        assert_not_taken(option, wrong_in_file[option->kind][i], true);
    for (i = 0; wrong_in_setting[option->kind][i]; i++)
        assert_not_taken(option, wrong_in_setting[option->kind][i], false);
}
END_TEST

START_TEST(booleans_take_both_their_values)
{
    size_t i;
    int way;

    for (i = 0; i < OPTION_COUNT; i++)
        for (way = 0; known_options[i].kind == KIND_BOOLEAN && way < 4; way++)
            assert_taken(&known_options[i], way & 1 ? "true" : "false", way & 2);
}
END_TEST

START_TEST(the_log_takes_every_level)
{
    size_t i;

    for (i = 0; log_level_names[i]; i++) {
        char setting[40], text[200];
        struct config *config;

        snprintf(setting, sizeof(setting), "log.level=%s", log_level_names[i]);
        snprintf(text, sizeof(text), "%slog = { level = \"%s\"; };\n", MINIMAL, log_level_names[i]);
        config = options_must_load(MINIMAL, SETTINGS(setting));
        ck_assert_int_eq(config->log.level, (int64_t)i);
        config_free(config);
        config = options_must_load(text, NULL);
        ck_assert_int_eq(config->log.level, (int64_t)i);
        config_free(config);
    }
}
END_TEST

/* Mistakes in a file, and what the message must contain: file and line, the option, what is allowed. */
static const struct {
    const char *text; /* after MINIMAL, that is from line 5 on */
    int line;
    const char *words[3];
} mistakes[] = {
    {"listen = {\n  port = 70000;\n};\n", 6, {"listen.port", "from 0 to 65535"}},
    {"\n\nlisten = {\n\n  port = \"1\"; };\n", 9, {"listen.port", "integer"}},
    {"retry = { retry_unsafe = 1; };\n", 5, {"retry.retry_unsafe", "true or false"}},
    {"log = {\n level = \"loud\"; };\n", 6, {"log.level", "\"warning\""}},
    {"listen = { address = 1; };\n", 5, {"listen.address", "string"}},
    {"listen = {\n  colour = 1;\n};\n", 6, {"unknown", "listen.colour", "idle_timeout_s"}},
    {"listen = { Port = 1; };\n", 5, {"unknown", "listen.Port"}},
    {"retry = {\n  repeat_unsafe = true;\n};\n", /* its name in earlier versions */
     6,
     {"unknown option retry.repeat_unsafe; it is now retry.retry_unsafe"}},
    {"\ncolours = {\n  red = 1;\n};\n",
     6,
     {"unknown section colours", "sections: upstream, listen, admin, status, retry"}},
    {"colours = { };\n", 5, {"unknown", "colours"}},
    {"listen = 1;\n", 5, {"listen", "section"}},
    {"\nlisten = [1, 2];\n", 6, {"listen", "section"}},
    {"listen = ();\n", 5, {"listen", "section"}},
    {"port = 8282;\n", 5, {"port", "section"}},
    {"listen = {\n  port = 1;\n  port = 2;\n};\n", 7, {"listen.port is already set", "line 6"}},
    {"listen = { port = 1; };\nlisten = { port = 2; };\n", 6, {"listen.port is already set", "line 5"}},
    {"listen = {\n  port = ;\n};\n", 6, {NULL}},
    {"nonsense\n", 5, {NULL}},
};

START_TEST(a_message_names_file_and_line_the_option_and_what_is_allowed)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    char text[500], where[300];
    size_t i;

    snprintf(text, sizeof(text), "%s%s", MINIMAL, mistakes[_i].text);
    ck_assert_int_eq(options_load(text, NULL, &config, &err), -EINVAL);
    ck_assert_ptr_null(config);
    ck_assert_int_eq(err.code, -EINVAL);
    snprintf(where, sizeof(where), "%s:%d", options_path(), mistakes[_i].line);
    ck_assert_msg(strstr(err.message, where) != NULL, "\"%s\" does not name %s", err.message, where);
    for (i = 0; i < ARRAY_SIZE(mistakes[0].words) && mistakes[_i].words[i]; i++)
        ck_assert_msg(strstr(err.message, mistakes[_i].words[i]) != NULL, "\"%s\" does not say %s",
                      err.message, mistakes[_i].words[i]);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_named)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;

    ck_assert_int_eq(config_load("/no-such-directory/x.conf", NULL, 0, &config, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, "/no-such-directory/x.conf"));
    ck_assert_ptr_null(config);
}
END_TEST

/* libconfig's scanner ends the program if reading fails; a reload must not. */
START_TEST(a_file_that_cannot_be_read_is_an_error)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct tb_error err = TB_ERROR_INIT;
        struct config *config = NULL;
        int r = config_load(unit_directory(), NULL, 0, &config, &err);

        _exit(r < 0 && strstr(err.message, unit_directory()) ? 77 : 1);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 77);
}
END_TEST

START_TEST(settings_win_over_the_file_and_later_ones_over_earlier)
{
    struct config *config = options_must_load(
        MINIMAL "listen = { port = 1; unix_path = \"/a\"; };\n",
        SETTINGS("listen.port=2", "upstream.url=http://x/a=b", "listen.port=3", "listen.unix_path="));

    ck_assert_int_eq(config->listen.port, 3);
    ck_assert_str_eq(config->upstream.url, "http://x/a=b");
    ck_assert_str_eq(config->listen.unix_path, "");
    config_free(config);
}
END_TEST

START_TEST(malformed_settings_are_refused)
{
    static char *bad[] = {"",
                          "=",
                          ".=",
                          "listen",
                          "listen.port",
                          "port=1",
                          "=1",
                          ".port=1",
                          "listen=1",
                          "listen.=1",
                          "listen.colour=1",
                          "colours.red=1",
                          "listen.port.x=1",
                          "listen. port=1",
                          "Listen.port=1"};
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(options_load(MINIMAL, SETTINGS(bad[i]), &config, &err) == -EINVAL, "%s", bad[i]);
        ck_assert_msg(strstr(err.message, "--set") != NULL, "%s", err.message);
        ck_assert_ptr_null(config);
    }
}
END_TEST

UNIT_SUITE(config_load)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_load", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_short_file_is_enough_and_the_rest_is_the_default);
    tcase_add_loop_test(tests, integers_have_their_bounds, 0, 2);
    tcase_add_test(tests, a_large_number_without_a_suffix_is_not_cut);
    tcase_add_test(tests, large_numbers_in_comments_and_strings_are_ignored);
    tcase_add_loop_test(tests, only_the_right_type_is_taken, 0, OPTION_COUNT);
    tcase_add_test(tests, booleans_take_both_their_values);
    tcase_add_test(tests, the_log_takes_every_level);
    tcase_add_loop_test(tests, a_message_names_file_and_line_the_option_and_what_is_allowed, 0,
                        (int)ARRAY_SIZE(mistakes));
    tcase_add_test(tests, a_file_that_cannot_be_opened_is_named);
    tcase_add_test(tests, a_file_that_cannot_be_read_is_an_error);
    tcase_add_test(tests, settings_win_over_the_file_and_later_ones_over_earlier);
    tcase_add_test(tests, malformed_settings_are_refused);
    return suite;
}
