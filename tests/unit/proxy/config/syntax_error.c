/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a mistake, whatever line libconfig reports; sections that appear more than once. */
#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "known_options.h"

/* Mistakes in a file, their line, and what the message must contain. */
static const struct {
    const char *text; /* from line 1 on */
    unsigned line;
    const char *words[2];
} mistakes[] = {
    /* a missing quote: libconfig reads on to the next one */
    {"upstream = {\n  url = \"http://a;\n  api_key_file = \"/k\";\n};\n", 2, {"quote"}},
    {"upstream = {\n  url = \"http://a\";\n  api_key_file = \"/k;\n};\n", 3, {"quote"}},
    {"upstream = {\n  url = \"http://a;\n  # a \"word\" in a comment, and \"another\n};\n", 2, {"quote"}},
    {"upstream = {\n  url = \"http://a\\\";\n};\n", 2, {"quote"}},
    {"upstream = {\n  url = http://a\";\n};\n", 2, {"syntax error"}},
    /* a missing bracket: libconfig reads on to the end */
    {"upstream = {\n  url = \"http://a\";\n\nlisten = {\n  port = 1;\n};\n", 1, {"bracket"}},
    {"listen = {\n  port = 1;\n};\nupstream = {\n  url = \"http://a\"; /* } */ # }\n\n\n", 4, {"bracket"}},
    {"listen =\n{ port = (1, 2;\n};\n", 2, {"syntax error"}},
    {"listen = {\n  port = 1;\n};\n};\nupstream = { };\n", 4, {"syntax error"}},
    /* an unfinished setting: noticed at the next token */
    {"listen = {\n  port =\n\n  # comment\n  unix_path = \"/u\";\n};\n", 2, {"syntax error"}},
    {"listen = {\n  port = ;\n};\n", 2, {"syntax error"}},
    {"listen = {\n  port\n  unix_path = \"/u\";\n};\n", 2, {"syntax error"}},
    {"listen = {\n  port =\n};\n", 2, {"syntax error"}},
    {"listen\n\n", 1, {"syntax error"}},
    {"listen = \n\n", 1, {"syntax error"}},
    {"listen = {\n  port 80;\n};\n", 2, {"syntax error; write options like name = 1; and"}},
    {"listen = {\n  port =\n  80 80;\n};\n", 3, {"syntax error"}},
    {"join = {\n  reads = true\n  = 1;\n};\n", 3, {"syntax error"}},
    {"upstream {\n  url = \"http://a\";\n};\n", 1, {"syntax error"}},
    /* a comment that does not end would hide the rest */
    {"listen = { port = 1; };\n/* *\n/\nupstream = { };\n", 2, {"comment"}},
    {"/*", 1, {"comment"}},
    /* what appears twice */
    {"listen = {\n  port = 1;\n  unix_path = \"/u\"; port = 2;\n};\n", 3, {"listen.port", "line 2"}},
    {"listen = { port = 1; port = 2; };\n", 1, {"listen.port", "line 1"}},
    {"listen = { };\nlisten = {\n  port = 1;\n  port = 2;\n};\n", 4, {": listen.port", "line 3"}},
    {"listen = {\n  port = 1; };\nlisten = { };\nlisten = {\n  port = 1;\n};\n",
     5,
     {"listen.port", "line 2"}},
    {"listen = 1;\nlisten = { };\n", 1, {"listen must be a section"}},
};

START_TEST(the_line_of_a_mistake_is_named)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    char where[300];
    size_t i;

    ck_assert_int_eq(options_load(mistakes[_i].text, NULL, &config, &err), -EINVAL);
    snprintf(where, sizeof(where), "%s:%u: ", options_path(), mistakes[_i].line);
    ck_assert_msg(strstr(err.message, where) != NULL, "\"%s\" does not name %s", err.message, where);
    for (i = 0; i < ARRAY_SIZE(mistakes[0].words) && mistakes[_i].words[i]; i++)
        ck_assert_msg(strstr(err.message, mistakes[_i].words[i]) != NULL, "\"%s\" does not say %s",
                      err.message, mistakes[_i].words[i]);
}
END_TEST

/* Loads a file with BEFORE, an include of "included.conf" with the text INCLUDED, and BEHIND. */
static int load_including(const char *before, const char *included, const char *behind, struct tb_error *err)
{
    struct config *config = NULL;
    char text[500];
    int r;

    snprintf(text, sizeof(text), "%s\n@include \"%s\"\n%s", before,
             unit_file(1, "included.conf", 0644, included, strlen(included)), behind);
    r = options_load(text, NULL, &config, err);
    config_free(config);
    return r;
}

START_TEST(of_an_included_file_both_places_are_named)
{
    struct tb_error err = TB_ERROR_INIT;

    ck_assert_int_eq(load_including("\nlisten = { };", "\n\nlisten = { };\n", "", &err), -EINVAL);
    ck_assert_msg(strstr(err.message, "included.conf:3: listen ") != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, "test.conf, line 2") != NULL, "%s", err.message);
    ck_assert_int_eq(load_including("listen = {", "\nport = 2;\n", "};\nlisten = {\n port = 1;\n};\n", &err),
                     -EINVAL);
    ck_assert_msg(strstr(err.message, "test.conf:5: listen.port ") != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, "included.conf, line 2") != NULL, "%s", err.message);
    ck_assert_int_eq(load_including("\n", "listen = {\n  port =\n};\n", "", &err), -EINVAL);
    ck_assert_msg(strstr(err.message, "included.conf:2: ") != NULL, "%s", err.message);
}
END_TEST

START_TEST(repeated_sections_are_merged)
{
    struct config *config = options_must_load(
        "listen = { port = 1; };\n" MINIMAL "listen = { unix_path = \"/a\"; };\nlisten : { };\n"
        "# listen = {\nlisten /* again */ = { max_connections = 7; };\n",
        NULL);

    ck_assert_int_eq(config->listen.port, 1);
    ck_assert_str_eq(config->listen.unix_path, "/a");
    ck_assert_int_eq(config->listen.max_connections, 7);
    config_free(config);
}
END_TEST

/* 32 names may be repeated; libconfig refuses repeats of others. */
START_TEST(a_file_with_many_sections)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    char text[2000] = "";
    size_t length = 0;
    int i;

    for (i = 0; i < 40; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "s%d = { };\n", i);
    snprintf(text + length, sizeof(text) - length, "s39 = { };\n");
    ck_assert_int_eq(options_load(text, NULL, &config, &err), -EINVAL);
    ck_assert_msg(strstr(err.message, ":41: s39 ") != NULL, "%s", err.message);
    ck_assert_msg(strstr(err.message, "line 40") != NULL, "%s", err.message);
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = options_must_load("\xef\xbb\xbf" MINIMAL, NULL);

    ck_assert_str_eq(config->upstream.url, "http://tb.example:8080");
    config_free(config);
    config = NULL;
    ck_assert_int_eq(
        config_load(unit_file(0, "test.conf", 0644, "\xff\xfeu\0p\0", 6), NULL, 0, &config, &err), -EINVAL);
    ck_assert_msg(strstr(err.message, "UTF-8") != NULL, "%s", err.message);
}
END_TEST

/* The sample with a few characters replaced, copied or doubled. */
static char *garble(const char *sample)
{
    static const char characters[] = "\"{}()=;:,#/*@\\\n 1aL-.";
    size_t length = strlen(sample), i;
    char *text = malloc(length + 1);
    unsigned changes = 1 + unit_random() % 8;

    ck_assert_ptr_nonnull(text);
    strcpy(text, sample);
    while (changes-- > 0) {
        i = unit_random() % (length - 1);
        if (unit_random() % 3 == 0)
            text[i] = characters[unit_random() % (sizeof(characters) - 1)];
        else if (unit_random() % 2 == 0)
            text[i] = text[unit_random() % length];
        else
            text[i + unit_random() % 2] = text[i];
    }
    return text;
}

START_TEST(whatever_is_wrong_the_line_is_one_of_the_file)
{
    char *sample = unit_source("etc/tbproxyd.conf"), *text;
    size_t path_length = strlen(options_path());
    int rounds = unit_rounds(500);

    while (rounds-- > 0) {
        struct tb_error err = TB_ERROR_INIT;
        struct config *config = NULL;
        unsigned lines = 1, line = 1;
        char *c;

        text = garble(sample);
        for (c = text; *c; c++) {
            lines += *c == '\n';
            if (strncmp(c, "\n    # ", 7) == 0 && strchr(c, '=') && unit_random() % 2)
                c[5] = ' '; /* uncomments the option, or a line of text */
        }
        if (options_load(text, NULL, &config, &err) == 0)
            config_free(config);
        else if (strncmp(err.message, options_path(), path_length) == 0)
            ck_assert_msg(sscanf(err.message + path_length, ":%u: ", &line) == 1 && line >= 1 &&
                              line <= lines,
                          "\"%s\" of %u lines:\n%s", err.message, lines, text);
        free(text);
    }
    free(sample);
}
END_TEST

UNIT_SUITE(config_syntax_error)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_syntax_error", &tests);

    tcase_add_loop_test(tests, the_line_of_a_mistake_is_named, 0, (int)ARRAY_SIZE(mistakes));
    tcase_add_test(tests, of_an_included_file_both_places_are_named);
    tcase_add_test(tests, repeated_sections_are_merged);
    tcase_add_test(tests, a_file_with_many_sections);
    tcase_add_test(tests, whatever_is_wrong_the_line_is_one_of_the_file);
    tcase_add_test(tests, a_byte_order_mark_is_skipped);
    return suite;
}
