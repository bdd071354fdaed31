/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/read_apart.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/record.h"
#include "base/util.h"
#include "known_options.h"
#include "proxy/config/load.h"
#include "proxy/config/option_table.h"
#include "proxy/config/option_value.h"
#include "proxy/policy/policies.h"

static const char text[] =
    "upstream = { url = \"http://tb.example:8080\"; api_key_file = \"/key\"; timeout_ms = 4321; };\n"
    "policies = {\n"
    "  narrow = { allow = [ \"read\", \"telemetry\" ]; deny = [ \"credentials\" ]; max_requests = 5; };\n"
    "  empty = { };\n"
    "};\n"
    "log = { level = \"debug\"; access = false; };\n"
    "policy = { tcp = \"narrow, uid 1000 = empty\"; };\n";

static char *settings[] = {"listen.hosts=a \\\"b\\\" \xc3\xa4"};

static void assert_lists_equal(const struct policy_list *a, const struct policy_list *b)
{
    size_t i;

    ck_assert_uint_eq(a->count, b->count);
    for (i = 0; i < a->count; i++) {
        ck_assert_str_eq(a->items[i].text, b->items[i].text);
        ck_assert_uint_eq(a->items[i].sets, b->items[i].sets);
        ck_assert_uint_eq(a->items[i].line, b->items[i].line);
    }
}

static void assert_policies_equal(const struct policy *a, const struct policy *b)
{
    size_t kind;

    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->file, b->file);
    ck_assert_uint_eq(a->line, b->line);
    assert_lists_equal(&a->allow, &b->allow);
    assert_lists_equal(&a->deny, &b->deny);
    ck_assert_str_eq(a->bounds.name, b->bounds.name);
    for (kind = 0; kind < POLICY_BOUNDS; kind++) {
        ck_assert(!a->bounds.list[kind].policy == !b->bounds.list[kind].policy);
        ck_assert_uint_eq(a->bounds.list[kind].max, b->bounds.list[kind].max);
    }
}

static void assert_equal(struct config *a, struct config *b)
{
    size_t i;

    for (i = 0; i < option_count; i++) {
        ck_assert(!option_differs(&options[i], a, b));
        ck_assert_pstr_eq(a->places[i], b->places[i]);
    }
    ck_assert_str_eq(a->path, b->path);
    ck_assert_uint_eq(a->policies->count, b->policies->count);
    ck_assert_int_eq(a->policies->has_bounds, b->policies->has_bounds);
    for (i = 0; i < a->policies->count; i++)
        assert_policies_equal(&a->policies->list[i], &b->policies->list[i]);
}

START_TEST(a_child_reads_the_same)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *here, *apart;
    char path[] = "/tmp/tb-config-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    ck_assert_int_eq(config_load_unchecked(path, settings, 1, NULL, &here, &err), 0);
    ck_assert_int_eq(config_read_apart(path, settings, 1, &apart, &err), 0);
    ck_assert_uint_eq(here->policies->count, 2);
    assert_equal(here, apart);
    config_free(here);
    config_free(apart);
    unlink(path);
}
END_TEST

START_TEST(its_errors_are_the_same)
{
    struct tb_error here = TB_ERROR_INIT, apart = TB_ERROR_INIT;
    struct config *config;
    char *wrong[] = {"log.level=nothing"};

    ck_assert_int_eq(config_load_unchecked("/nonexistent", NULL, 0, NULL, &config, &here), -ENOENT);
    ck_assert_int_eq(config_read_apart("/nonexistent", NULL, 0, &config, &apart), -ENOENT);
    ck_assert_str_eq(here.message, apart.message);
    ck_assert_int_eq(config_load_unchecked("/dev/null", wrong, 1, NULL, &config, &here), -EINVAL);
    ck_assert_int_eq(config_read_apart("/dev/null", wrong, 1, &config, &apart), -EINVAL);
    ck_assert_str_eq(here.message, apart.message);
}
END_TEST

/* Whatever part of it came: what is missing is noticed. */
START_TEST(a_record_that_is_cut_off_fails)
{
    struct buf out = BUF_INIT(100);
    struct record_reader reader;
    size_t length;

    ck_assert_int_eq(record_put_text(&out, "a"), 0);
    ck_assert_int_eq(record_put_number(&out, -12), 0);
    ck_assert_int_eq(record_put_text(&out, ""), 0);
    for (length = 0; length <= out.len; length++) {
        reader = (struct record_reader){.at = out.data, .end = out.data + length};
        ck_assert_str_eq(record_text(&reader), length >= 2 ? "a" : "");
        ck_assert_int_eq(record_number(&reader), length >= 6 ? -12 : 0);
        ck_assert_str_eq(record_text(&reader), "");
        ck_assert_int_eq(reader.failed, length < out.len);
    }
    ck_assert_str_eq(record_text(&reader), "");
    ck_assert(reader.failed);
    buf_free(&out);
}
END_TEST

UNIT_SUITE(config_read_apart)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_read_apart", &tests);

    tcase_add_test(tests, a_child_reads_the_same);
    tcase_add_test(tests, its_errors_are_the_same);
    tcase_add_test(tests, a_record_that_is_cut_off_fails);
    return suite;
}
