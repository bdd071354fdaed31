/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "unit.h"

static char *saved_name;
static char daemon_name[] = "tbproxyd";

static void set_up(void)
{
    saved_name = program_invocation_short_name;
    program_invocation_short_name = daemon_name;
    unsetenv("JOURNAL_STREAM");
    log_set_level(LOG_LEVEL_INFO);
}

static void tear_down(void)
{
    program_invocation_short_name = saved_name;
    unsetenv("JOURNAL_STREAM");
    log_set_sink(NULL);
    log_set_level(LOG_LEVEL_INFO);
}

START_TEST(one_line_with_the_name_in_front)
{
    unit_capture();
    log_info("%s and %d", "text", 5);
    log_warning("second");
    ck_assert_str_eq(unit_captured(), "tbproxyd: text and 5\ntbproxyd: second\n");
}
END_TEST

START_TEST(a_level_includes_those_before_it)
{
    int level, message;

    for (level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        for (message = LOG_LEVEL_ERROR; message <= LOG_LEVEL_DEBUG; message++) {
            log_set_level((enum log_level)level);
            ck_assert_int_eq(log_is_enabled((enum log_level)message), message <= level);
            unit_capture();
            log_write((enum log_level)message, "x");
            ck_assert_str_eq(unit_captured(), message <= level ? "tbproxyd: x\n" : "");
        }
}
END_TEST

START_TEST(levels_have_names_in_their_order)
{
    ck_assert_str_eq(log_level_names[LOG_LEVEL_ERROR], "error");
    ck_assert_str_eq(log_level_names[LOG_LEVEL_WARNING], "warning");
    ck_assert_str_eq(log_level_names[LOG_LEVEL_INFO], "info");
    ck_assert_str_eq(log_level_names[LOG_LEVEL_DEBUG], "debug");
    ck_assert_ptr_null(log_level_names[LOG_LEVEL_DEBUG + 1]);
}
END_TEST

START_TEST(control_characters_are_shown_as_question_marks)
{
    int c;

    for (c = 1; c < 0x80; c++) {
        char expected[32];

        unit_capture();
        log_error("a%cb", c);
        snprintf(expected, sizeof(expected), "tbproxyd: a%cb\n", c < 0x20 || c == 0x7f ? '?' : c);
        ck_assert_str_eq(unit_captured(), expected);
    }
    unit_capture();
    log_error("gr\xc3\xbc\xc3\x9f\r\n(forged)");
    ck_assert_str_eq(unit_captured(), "tbproxyd: gr\xc3\xbc\xc3\x9f?"
                                      "?(forged)\n");
    unit_capture();
    log_error("a\xc2\x9b"
              "31m\xe2\x80\xae");
    ck_assert_str_eq(unit_captured(), "tbproxyd: a?31m?\n");
}
END_TEST

/* journalctl would show "blob data" instead of the line. */
START_TEST(no_line_ends_within_a_character)
{
    char text[1500];
    const char *line;
    size_t i;

    for (i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa4", 3);
    for (i = 0; i < 2; i++) {
        unit_capture();
        log_error("%.*s%s", (int)i, "x", text);
        line = unit_captured();
        ck_assert_int_ge(utf8_count(line, strlen(line)), 500);
    }
}
END_TEST

START_TEST(a_long_line_is_cut)
{
    char text[5000];
    const char *line;

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    unit_capture();
    log_error("%s", text);
    line = unit_captured();
    ck_assert_uint_ge(strlen(line), 1000);
    ck_assert_uint_le(strspn(line + strlen("tbproxyd: "), "x"), 1024);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(errno_survives)
{
    unit_capture();
    errno = EXDEV;
    log_error("x");
    ck_assert_int_eq(errno, EXDEV);
    unit_captured();
}
END_TEST

/* sd-daemon(3): $JOURNAL_STREAM names the device and inode of the journal's stream, to be compared with
 * standard error's. Priorities are those of syslog(3). */
static void name_stream(ino_t off)
{
    struct stat status;
    char text[64];

    ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
    snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)(status.st_ino + off));
    setenv("JOURNAL_STREAM", text, 1);
}

START_TEST(the_journal_gets_priorities)
{
    log_set_level(LOG_LEVEL_DEBUG);
    unit_capture();
    name_stream(0);
    log_error("e");
    log_warning("w");
    log_info("i");
    log_debug("d");
    ck_assert_str_eq(unit_captured(), "<3>e\n<4>w\n<6>i\n<7>d\n");
}
END_TEST

START_TEST(other_streams_get_no_priorities)
{
    unit_capture();
    name_stream(1);
    log_error("e");
    ck_assert_str_eq(unit_captured(), "tbproxyd: e\n");
}
END_TEST

/* What is in the pipe that ends here; returns the number of lines. */
static size_t read_lines(int end, char *text, size_t size)
{
    ssize_t length = read(end, text, size - 1);
    size_t count = 0;

    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Standard error is a pipe of 16 KiB that nobody reads. */
START_TEST(a_stalled_reader_does_not_block)
{
    int ends[2], saved = dup(STDERR_FILENO), i;
    char expected[200], text[20000];
    size_t count;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_ge(fcntl(ends[1], F_SETPIPE_SZ, 16384), 16384);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    for (i = 0; i < 2000; i++)
        log_info("line %d", i);
    count = read_lines(ends[0], text, sizeof(text));
    snprintf(expected, sizeof(expected), "\ntbproxyd: line %zu\n", count - 1);
    ck_assert_uint_lt(count, 2000);
    ck_assert_str_eq(text + strlen(text) - strlen(expected), expected); /* no part of a line */
    log_info("read again");
    log_info("and again");
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    read_lines(ends[0], text, sizeof(text));
    snprintf(expected, sizeof(expected),
             "tbproxyd: %zu log lines were lost: they were not read in time\n"
             "tbproxyd: read again\ntbproxyd: and again\n",
             2000 - count);
    ck_assert_str_eq(text, expected);
    close(saved);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_full_disk_is_said_when_it_has_room_again)
{
    int ends[2], saved = dup(STDERR_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    char text[1000];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_ge(dup2(full, STDERR_FILENO), 0);
    log_info("lost");
    log_info("lost, too");
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    log_info("there");
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    read_lines(ends[0], text, sizeof(text));
    ck_assert_str_eq(text, "tbproxyd: 2 log lines were lost: No space left on device\ntbproxyd: there\n");
    close(saved);
    close(full);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Standard error is a terminal that nobody reads: it is called writable with less room than a line takes. */
START_TEST(a_stalled_terminal_does_not_block)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), saved = dup(STDERR_FILENO), end, flags, i;
    struct pollfd arrived = {.fd = terminal, .events = POLLIN};
    struct buf text = BUF_INIT(1 << 20);

    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    end = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(end, 0);
    ck_assert_int_ge(dup2(end, STDERR_FILENO), 0);
    flags = fcntl(STDERR_FILENO, F_GETFL);
    for (i = 0; i < 2000; i++)
        log_info("line %d with %0200d", i, i);
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL), flags); /* others may share it */
    while (!text.data || !strstr(text.data, " log lines were lost: they were not read in time\r\n")) {
        char part[4096];
        ssize_t length = poll(&arrived, 1, 10) == 1 ? read(terminal, part, sizeof(part)) : 0;

        ck_assert_int_ge(length, 0);
        ck_assert_int_eq(buf_append(&text, part, (size_t)length), 0);
        log_info("read again");
    }
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    ck_assert_int_eq(strncmp(text.data, "tbproxyd: line 0 with 0", 23), 0);
    buf_free(&text);
    close(saved);
    close(end);
    close(terminal);
}
END_TEST

/* ---- sinks ---- */

struct full_sink {
    struct log_sink sink;
    size_t room; /* messages */
    char text[1000];
};

static bool full_sink_write(struct log_sink *sink, const struct log_message *message)
{
    struct full_sink *full = CONTAINER_OF(sink, struct full_sink, sink);
    size_t used = strlen(full->text), i;

    if (full->room == 0)
        return false;
    full->room--;
    used += (size_t)snprintf(full->text + used, sizeof(full->text) - used, "%d %s", (int)message->level,
                             message->text);
    for (i = 0; i < message->field_count; i++)
        used += (size_t)snprintf(
            full->text + used, sizeof(full->text) - used, " %s=%s%" PRId64, message->fields[i].name,
            message->fields[i].text ? message->fields[i].text : "", message->fields[i].number);
    snprintf(full->text + used, sizeof(full->text) - used, "\n");
    return true;
}

START_TEST(a_sink_gets_messages_with_their_fields_instead_of_standard_error)
{
    struct full_sink full = {.sink.write = full_sink_write, .room = 9};
    const struct log_field fields[] = {{"STATUS", NULL, 502}, {"OPERATION", "saveDevice", 0}};

    log_set_sink(&full.sink);
    unit_capture();
    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "a\n%s", "b");
    log_write_fields(LOG_LEVEL_DEBUG, fields, ARRAY_SIZE(fields), "not at this level");
    log_error("c");
    ck_assert_str_eq(unit_captured(), "");
    ck_assert_str_eq(full.text, "2 a?b STATUS=502 OPERATION=saveDevice0\n0 c\n");
    log_set_sink(NULL);
    unit_capture();
    log_write_fields(LOG_LEVEL_INFO, fields, ARRAY_SIZE(fields), "text");
    ck_assert_str_eq(unit_captured(), "tbproxyd: text\n");
}
END_TEST

START_TEST(what_a_sink_does_not_take_is_counted)
{
    struct full_sink full = {.sink.write = full_sink_write, .room = 1};

    log_set_sink(&full.sink);
    log_info("1");
    log_info("2");
    log_info("3");
    full.room = 2;
    log_info("4");
    ck_assert_str_eq(full.text, "2 1\n1 2 log lines were lost: they were not read in time\n2 4\n");
}
END_TEST

UNIT_SUITE(log)
{
    TCase *tests;
    Suite *suite = unit_suite_create("log", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_line_with_the_name_in_front);
    tcase_add_test(tests, a_level_includes_those_before_it);
    tcase_add_test(tests, levels_have_names_in_their_order);
    tcase_add_test(tests, control_characters_are_shown_as_question_marks);
    tcase_add_test(tests, no_line_ends_within_a_character);
    tcase_add_test(tests, a_long_line_is_cut);
    tcase_add_test(tests, errno_survives);
    tcase_add_test(tests, the_journal_gets_priorities);
    tcase_add_test(tests, other_streams_get_no_priorities);
    tcase_add_test(tests, a_stalled_reader_does_not_block);
    tcase_add_test(tests, a_full_disk_is_said_when_it_has_room_again);
    tcase_add_test(tests, a_stalled_terminal_does_not_block);
    tcase_add_test(tests, a_sink_gets_messages_with_their_fields_instead_of_standard_error);
    tcase_add_test(tests, what_a_sink_does_not_take_is_counted);
    return suite;
}
