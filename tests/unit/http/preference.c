/* SPDX-License-Identifier: Apache-2.0 */
#include "http/preference.h"

#include "base/util.h"
#include "unit.h"

static const struct {
    const char *value;
    int urgency;
} urgencies[] = {
    {"u=0", 0},
    {"u=7", 7},
    {"u=3, i", 3},
    {"i, u=5", 5},
    {"i,u=5", 5},
    {"  u=2\t", 2},
    {"U=4", 4},
    {"u=1;q=2", 1},
    {"u=1, u=6", 6}, /* a dictionary's last one counts */
    {"a=\"x, u=1\"", -1},
    {"a=\"x\\\", u=1\", u=2", 2},
    {"", -1},
    {",", -1},
    {"u", -1},
    {"u=", -1},
    {"u=8", -1},
    {"u=-1", -1},
    {"u=10", -1},
    {"u=1.0", -1},
    {"u=\"1\"", -1},
    {"u=a", -1},
    {"up=1", -1},
    {"i;u=1", -1},
    {"a=\"u=1", -1},
    {"a=\"\\", -1},
};

START_TEST(the_urgency_of_a_priority)
{
    ck_assert_msg(preference_urgency(urgencies[_i].value) == urgencies[_i].urgency, "\"%s\": %d",
                  urgencies[_i].value, preference_urgency(urgencies[_i].value));
}
END_TEST

static const struct {
    const char *value;
    int64_t wait_ms;
} waits[] = {
    {"wait=0", 0},
    {"wait=10", 10000},
    {"Wait = 10", 10000},
    {"wait=\"10\"", 10000},
    {"respond-async, wait=10", 10000},
    {"respond-async,wait=10;strict", 10000},
    {"wait=1, wait=2", 1000}, /* the first one counts */
    {"return=\"minimal, wait=1\"", -1},
    {"return=\"minimal\", wait=007", 7000},
    {"wait=86399", 86399000},
    {"wait=86400", PREFERENCE_WAIT_MAX_MS},
    {"wait=86401", PREFERENCE_WAIT_MAX_MS},
    {"wait=99999999999999999999999999", PREFERENCE_WAIT_MAX_MS},
    {"", -1},
    {"wait", -1},
    {"wait=", -1},
    {"wait=-1", -1},
    {"wait=+1", -1},
    {"wait=1.5", -1},
    {"wait=1s", -1},
    {"wait=\"1", -1},
    {"wait=\"\"", -1},
    {"wait=\"1\"2", -1},
    {"waiting=1", -1},
    {"respond-async; wait=1", -1}, /* a parameter of another preference */
};

START_TEST(the_wait_of_a_preference)
{
    ck_assert_msg(preference_wait_ms(waits[_i].value) == waits[_i].wait_ms, "\"%s\": %lld", waits[_i].value,
                  (long long)preference_wait_ms(waits[_i].value));
}
END_TEST

static const struct {
    const char *value;
    int quality;
} accepts[] = {
    {"a/b", 1000},
    {"A/B;q=1", 1000},
    {"a/b ; q=0.5", 500},
    {"x/y, a/b;q=0.123", 123},
    {"a/b;v=1;q=0.5", 500},
    {"a/b;v=2,a/b;q=0.25", 250},
    {"a/b;q=0.2,a/b;v=1;q=0.9", 900}, /* the most wanted counts */
    {"a/b;x=\"q=0.1,\";q=1.000", 1000},
    {"a/b;q=0", 0},
    {"a/b;v=11", 0},
    {"a/b;v=", 0},
    {"a/b;q=", 0},
    {"a/b;q=1.1", 0},
    {"a/b;q=2", 0},
    {"a/b;q=-1", 0},
    {"a/b;q=0.5x", 0},
    {"a/b;q=0.1234", 0},
    {"a/bc", 0},
    {"a", 0},
    {"*/*", 0},
    {"a/*", 0},
    {"", 0},
    {",,;,", 0},
    {"x=\"a/b", 0},
};

START_TEST(the_quality_of_an_accepted_type)
{
    int quality = preference_quality(accepts[_i].value, "a/b", "v=1");

    ck_assert_msg(quality == accepts[_i].quality, "\"%s\": %d", accepts[_i].value, quality);
}
END_TEST

UNIT_SUITE(preference)
{
    TCase *tests;
    Suite *suite = unit_suite_create("preference", &tests);

    tcase_add_loop_test(tests, the_urgency_of_a_priority, 0, (int)ARRAY_SIZE(urgencies));
    tcase_add_loop_test(tests, the_wait_of_a_preference, 0, (int)ARRAY_SIZE(waits));
    tcase_add_loop_test(tests, the_quality_of_an_accepted_type, 0, (int)ARRAY_SIZE(accepts));
    return suite;
}
