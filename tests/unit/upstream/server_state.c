/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_state.h"

#include <stdio.h>

#include "unit.h"

static struct server_state state;
static struct server_facts facts;
static struct server_change last; /* what the last step has changed */

static const struct server_trouble refused_connection = {SERVER_UNREACHABLE, "connection refused",
                                                         "is it running?", 900, 5000};
static const struct server_trouble no_answer = {SERVER_UNREACHABLE, "it does not answer", "is it busy?",
                                                INT64_MAX, INT64_MAX};
static const struct server_trouble gateway = {SERVER_FAILING, "it answers 503", "is it up?", INT64_MAX, 7000};
static const struct server_trouble bad_key = {SERVER_REFUSED, "the key is refused", "put a new one there",
                                              INT64_MAX, 20000};
static const struct server_trouble limit = {SERVER_LIMITED, "the limit is reached", "", INT64_MAX, 3000};

static void update(int64_t now_ms)
{
    last = server_state_update(&state, &facts, now_ms);
}

static void assert_condition(enum server_condition condition, int64_t since_ms, const char *cause)
{
    ck_assert_str_eq(server_condition_name(state.condition), server_condition_name(condition));
    ck_assert_int_eq(state.since_ms, since_ms);
    ck_assert_str_eq(state.cause, cause);
}

static void set_up(void)
{
    facts = (struct server_facts){0};
    server_state_init(&state, 100);
}

static void become_ready(int64_t now_ms)
{
    facts = (struct server_facts){.has_credential = true};
    update(now_ms);
}

START_TEST(it_starts_and_becomes_ready)
{
    assert_condition(SERVER_STARTING, 100, "");
    ck_assert(!server_state_is_ready(&state));
    update(150);
    ck_assert(!last.is_news);
    assert_condition(SERVER_STARTING, 100, "");
    become_ready(200);
    ck_assert(last.is_news);
    ck_assert_int_eq(last.before, SERVER_STARTING);
    ck_assert_int_eq(last.away_ms, 100);
    assert_condition(SERVER_READY, 200, "");
    ck_assert(server_state_is_ready(&state));
    update(300);
    ck_assert(!last.is_news);
}
END_TEST

START_TEST(an_outage_is_told_once_with_its_beginning_and_its_end)
{
    become_ready(200);
    facts.connection = &refused_connection;
    update(2000);
    ck_assert(last.is_news);
    assert_condition(SERVER_UNREACHABLE, 900, "connection refused");
    ck_assert_str_eq(state.remedy, "is it running?");
    ck_assert_int_eq(state.next_try_ms, 5000);
    ck_assert(!server_state_is_ready(&state));
    update(3000);
    ck_assert(!last.is_news);
    become_ready(8000);
    ck_assert(last.is_news);
    ck_assert_int_eq(last.before, SERVER_UNREACHABLE);
    ck_assert_int_eq(last.away_ms, 7100);
    assert_condition(SERVER_READY, 8000, "");
    ck_assert_int_eq(state.next_try_ms, INT64_MAX);
    ck_assert_str_eq(state.last_failure.cause, "connection refused");
    ck_assert_int_eq(state.last_failure.at_ms, 3000);
}
END_TEST

START_TEST(another_cause_with_the_same_remedy_is_no_news)
{
    struct server_trouble same = refused_connection, other = no_answer;

    snprintf(same.cause, sizeof(same.cause), "no route");
    become_ready(200);
    facts.connection = &refused_connection;
    update(1000);
    facts.connection = &same;
    update(1100);
    ck_assert(!last.is_news);
    assert_condition(SERVER_UNREACHABLE, 900, "no route");
    facts.connection = &other;
    update(1200);
    ck_assert(last.is_news);
    assert_condition(SERVER_UNREACHABLE, 900, "it does not answer");
}
END_TEST

START_TEST(an_outage_that_changes_its_kind_is_counted_from_its_beginning)
{
    become_ready(200);
    facts.connection = &refused_connection;
    update(1000);
    server_state_count_failure(&state, false);
    facts.connection = &gateway;
    update(4000);
    ck_assert(last.is_news);
    ck_assert_int_eq(last.away_ms, 0);
    assert_condition(SERVER_FAILING, 4000, "it answers 503");
    server_state_count_failure(&state, false);
    become_ready(10900);
    ck_assert_int_eq(last.away_ms, 10000);
    ck_assert_uint_eq(last.failed_requests, 2);
}
END_TEST

START_TEST(failures_count_from_the_first_doubt_and_not_without_one)
{
    become_ready(200);
    server_state_count_failure(&state, false);
    facts.in_doubt = true;
    server_state_count_failure(&state, true);
    update(400);
    ck_assert_uint_eq(state.failed_requests, 1);
    facts.in_doubt = false;
    update(500); /* the doubt was wrong */
    ck_assert_uint_eq(state.failed_requests, 0);
    server_state_count_failure(&state, true);
    facts.connection = &no_answer;
    update(600);
    server_state_count_failure(&state, false);
    become_ready(700);
    ck_assert_uint_eq(last.failed_requests, 2);
    ck_assert_uint_eq(state.failed_requests, 0);
}
END_TEST

START_TEST(without_a_connection_the_session_does_not_matter)
{
    facts = (struct server_facts){.connection = &refused_connection, .session = &bad_key, .budget = &limit};
    update(1000);
    assert_condition(SERVER_UNREACHABLE, 900, "connection refused");
    facts.connection = NULL;
    update(1100);
    assert_condition(SERVER_REFUSED, 1100, "the key is refused");
    facts.session = NULL;
    facts.has_credential = true;
    update(1200);
    assert_condition(SERVER_LIMITED, 1200, "the limit is reached");
    ck_assert(server_state_is_ready(&state));
    ck_assert_int_eq(last.away_ms, 1100); /* of the start, too */
}
END_TEST

START_TEST(a_renewal_that_fails_is_told_and_the_state_is_ready)
{
    become_ready(200);
    facts.session = &bad_key;
    update(300);
    ck_assert(last.is_news);
    assert_condition(SERVER_READY, 200, "the key is refused");
    facts.has_credential = false; /* it has expired */
    update(400);
    ck_assert(last.is_news);
    assert_condition(SERVER_REFUSED, 400, "the key is refused");
    become_ready(500);
    assert_condition(SERVER_READY, 500, "");
    ck_assert_int_eq(last.away_ms, 100);
}
END_TEST

START_TEST(a_renewal_under_way_changes_nothing)
{
    become_ready(200);
    facts.has_credential = false;
    update(300);
    ck_assert(!last.is_news);
    assert_condition(SERVER_READY, 200, "");
    facts.session = &bad_key;
    update(400);
    facts.session = NULL;
    update(500);
    assert_condition(SERVER_REFUSED, 400, "the key is refused");
}
END_TEST

START_TEST(a_limit_is_no_outage)
{
    become_ready(200);
    facts.budget = &limit;
    update(1000);
    ck_assert(last.is_news);
    assert_condition(SERVER_LIMITED, 1000, "the limit is reached");
    ck_assert_int_eq(state.next_try_ms, 3000);
    become_ready(3000);
    ck_assert(last.is_news);
    ck_assert_int_eq(last.away_ms, 0);
    assert_condition(SERVER_READY, 3000, "");
}
END_TEST

UNIT_SUITE(server_state)
{
    TCase *tests;
    Suite *suite = unit_suite_create("server_state", &tests);

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, it_starts_and_becomes_ready);
    tcase_add_test(tests, an_outage_is_told_once_with_its_beginning_and_its_end);
    tcase_add_test(tests, another_cause_with_the_same_remedy_is_no_news);
    tcase_add_test(tests, an_outage_that_changes_its_kind_is_counted_from_its_beginning);
    tcase_add_test(tests, failures_count_from_the_first_doubt_and_not_without_one);
    tcase_add_test(tests, without_a_connection_the_session_does_not_matter);
    tcase_add_test(tests, a_renewal_that_fails_is_told_and_the_state_is_ready);
    tcase_add_test(tests, a_renewal_under_way_changes_nothing);
    tcase_add_test(tests, a_limit_is_no_outage);
    return suite;
}
