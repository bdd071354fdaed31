/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_answer.h"

#include "unit.h"

#define NOW_MS     INT64_C(1800000000000)
#define MINUTES_MS INT64_C(60000)

static const struct {
    int status;
    enum spool_verdict verdict;
} statuses[] = {
    {200, SPOOL_IS_DELIVERED},    {204, SPOOL_IS_DELIVERED},   {301, SPOOL_SERVER_IS_AWAY},
    {400, SPOOL_IS_REFUSED},      {401, SPOOL_IS_DOUBTED},     {403, SPOOL_ALL_ARE_REFUSED},
    {404, SPOOL_ALL_ARE_REFUSED}, {408, SPOOL_SERVER_IS_AWAY}, {413, SPOOL_IS_REFUSED},
    {422, SPOOL_IS_REFUSED},      {429, SPOOL_RATE_LIMITED},   {499, SPOOL_IS_REFUSED},
    {500, SPOOL_HAS_FAILED},      {501, SPOOL_HAS_FAILED},     {502, SPOOL_SERVER_IS_AWAY},
    {503, SPOOL_SERVER_IS_AWAY},  {504, SPOOL_SERVER_IS_AWAY}, {505, SPOOL_HAS_FAILED},
};

START_TEST(a_status_says_what_becomes_of_the_rows)
{
    struct spool_ended_call call = {.outcome = REQUEST_ANSWERED, .status = statuses[_i].status};

    call.now_ms = NOW_MS;
    ck_assert_int_eq(spool_answer_judge(&call), statuses[_i].verdict);
}
END_TEST

START_TEST(a_page_of_somebody_else_delivers_nothing)
{
    struct spool_ended_call call = {.outcome = REQUEST_ANSWERED, .status = 200, .is_page = true};

    ck_assert_int_eq(spool_answer_judge(&call), SPOOL_SERVER_IS_AWAY);
}
END_TEST

static const struct {
    enum request_outcome outcome;
    enum spool_verdict verdict;
} outcomes[] = {
    {REQUEST_FAILED, SPOOL_SERVER_IS_AWAY},         {REQUEST_NO_SESSION, SPOOL_SERVER_IS_AWAY},
    {REQUEST_SESSION_LATE, SPOOL_SERVER_IS_AWAY},   {REQUEST_TO_LOGIN_PAGE, SPOOL_IS_DOUBTED},
    {REQUEST_CANNOT_BE_SENT, SPOOL_SERVER_IS_AWAY},
};

START_TEST(without_an_answer_rows_are_not_refused)
{
    struct spool_ended_call call = {.outcome = outcomes[_i].outcome, .status = 400, .attempts = 100};

    call.now_ms = NOW_MS;
    ck_assert_int_eq(spool_answer_judge(&call), outcomes[_i].verdict);
}
END_TEST

START_TEST(unauthorized_rows_are_refused_if_the_credential_passes)
{
    struct spool_ended_call call = {.outcome = REQUEST_ANSWERED, .status = 401, .credential_passes = true};

    ck_assert_int_eq(spool_answer_judge(&call), SPOOL_ALL_ARE_REFUSED);
}
END_TEST

static const struct {
    int attempts;
    int64_t since_ms;
    enum spool_verdict verdict;
} failures[] = {
    {3, 60 * MINUTES_MS, SPOOL_HAS_FAILED},
    {4, 10 * MINUTES_MS - 1, SPOOL_HAS_FAILED},
    {4, 10 * MINUTES_MS, SPOOL_IS_REFUSED},
    {1000, 10 * MINUTES_MS - 1, SPOOL_HAS_FAILED},
};

START_TEST(a_failure_is_a_refusal_after_five_attempts_in_ten_minutes)
{
    struct spool_ended_call call = {.outcome = REQUEST_ANSWERED, .status = 500, .now_ms = NOW_MS};

    call.attempts = failures[_i].attempts;
    call.first_attempt_ms = NOW_MS - failures[_i].since_ms;
    ck_assert_int_eq(spool_answer_judge(&call), failures[_i].verdict);
}
END_TEST

START_TEST(rests_grow_to_five_minutes)
{
    int64_t sum_ms = 0;
    int i;

    for (i = 1; i <= 100; i++) {
        int64_t rest_ms = spool_answer_rest_ms(i);

        ck_assert(rest_ms >= 4000 && rest_ms <= 300000);
        sum_ms += rest_ms;
    }
    ck_assert_int_ge(sum_ms, 90 * 240000);
}
END_TEST

UNIT_SUITE(spool_answer)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("spool_answer", &tcase);

    tcase_add_loop_test(tcase, a_status_says_what_becomes_of_the_rows, 0,
                        (int)(sizeof(statuses) / sizeof(statuses[0])));
    tcase_add_test(tcase, a_page_of_somebody_else_delivers_nothing);
    tcase_add_loop_test(tcase, without_an_answer_rows_are_not_refused, 0,
                        (int)(sizeof(outcomes) / sizeof(outcomes[0])));
    tcase_add_test(tcase, unauthorized_rows_are_refused_if_the_credential_passes);
    tcase_add_loop_test(tcase, a_failure_is_a_refusal_after_five_attempts_in_ten_minutes, 0,
                        (int)(sizeof(failures) / sizeof(failures[0])));
    tcase_add_test(tcase, rests_grow_to_five_minutes);
    return suite;
}
