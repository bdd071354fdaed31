/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "proxy/daemon/journal.h"
#include "unit.h"

static char path[100];
static int receiver; /* the journal's socket */
static struct journal journal;

static void set_up(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(path, sizeof(path), "%s/journal", unit_directory());
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(receiver, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(journal_open(&journal, path), 0);
    log_set_sink(&journal.sink);
}

static void tear_down(void)
{
    log_set_sink(NULL);
    journal_close(&journal);
    close(receiver);
    unlink(path);
}

/* The next datagram; "": there is none. */
static const char *received(void)
{
    static char text[8192];
    ssize_t length = recv(receiver, text, sizeof(text) - 1, MSG_DONTWAIT);

    text[length < 0 ? 0 : length] = '\0';
    return text;
}

static void assert_received(int priority, const char *rest)
{
    char expected[8192];

    snprintf(expected, sizeof(expected), "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n%s", priority,
             program_invocation_short_name, rest);
    ck_assert_str_eq(received(), expected);
}

START_TEST(the_fields_of_a_message_are_those_of_the_journal)
{
    const struct log_field fields[] = {{"OPERATION", "saveDevice", 0}, {"STATUS", NULL, 200}};

    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "a request");
    assert_received(6, "MESSAGE=a request\nOPERATION=saveDevice\nSTATUS=200\n");
    log_error("%s", "text");
    assert_received(3, "MESSAGE=text\n");
}
END_TEST

START_TEST(a_value_is_one_line)
{
    const struct log_field fields[] = {{"METHOD", "GET\nPRIORITY=0\r", 0}};

    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "a\nSTATUS=200");
    assert_received(6, "MESSAGE=a?STATUS=200\nMETHOD=GET?PRIORITY=0?\n");
}
END_TEST

START_TEST(long_values_are_cut_and_what_does_not_fit_is_left_out)
{
    char text[3000];
    const struct log_field fields[] = {{"A", text, 0}, {"B", text, 0}, {"C", text, 0}, {"D", NULL, 1}};
    const char *datagram;

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "text");
    datagram = received();
    ck_assert_uint_le(strlen(datagram), 4096);
    ck_assert_ptr_nonnull(strstr(datagram, "\nMESSAGE=text\nA=xxx"));
    ck_assert_ptr_nonnull(strstr(datagram, "\nB=xxx"));
    ck_assert_ptr_null(strstr(datagram, "\nC="));
    ck_assert_ptr_nonnull(strstr(datagram, "x\nD=1\n"));
}
END_TEST

/* Nobody reads its socket. The test's time limit is the assertion that nothing waits. */
START_TEST(a_journal_that_stalls_costs_lines_and_no_time)
{
    int count = 0;

    unit_capture();
    for (; count < 5000; count++)
        log_info("line %d", count);
    ck_assert_str_eq(unit_captured(), "");
    for (count = 0; *received(); count++)
        ;
    ck_assert_int_gt(count, 0);
    ck_assert_int_lt(count, 5000);
    log_info("read again");
    ck_assert_ptr_nonnull(strstr(received(), " log lines were lost: they were not read in time\n"));
    assert_received(6, "MESSAGE=read again\n");
}
END_TEST

START_TEST(without_a_journal_a_message_goes_to_standard_error)
{
    const struct log_field fields[] = {{"STATUS", NULL, 200}};
    char expected[100];

    unlink(path);
    unit_capture();
    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "text");
    snprintf(expected, sizeof(expected), "%s: text\n", program_invocation_short_name);
    ck_assert_str_eq(unit_captured(), expected);
}
END_TEST

UNIT_SUITE(journal)
{
    TCase *tests;
    Suite *suite = unit_suite_create("journal", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_fields_of_a_message_are_those_of_the_journal);
    tcase_add_test(tests, a_value_is_one_line);
    tcase_add_test(tests, long_values_are_cut_and_what_does_not_fit_is_left_out);
    tcase_add_test(tests, a_journal_that_stalls_costs_lines_and_no_time);
    tcase_add_test(tests, without_a_journal_a_message_goes_to_standard_error);
    return suite;
}
