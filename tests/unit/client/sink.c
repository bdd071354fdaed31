/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks, and the event streams that one of them parses. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include <tbclient/client.h>

#include "base/buf.h"
#include "unit.h"

static struct buf seen;

static int event(void *context, const char *name, const char *data, const char *id)
{
    (void)context;
    ck_assert_int_eq(buf_append_format(&seen, "[%s|%s|%s]", name, data, id), 0);
    return strcmp(data, "stop") == 0 ? -EPIPE : 0;
}

/* Writes the stream in pieces of STEP bytes. */
static int feed(const char *text, size_t length, size_t step)
{
    tb_events events = {.event = event};
    tb_sink sink = tb_sink_to_events(&events);
    size_t i;
    int r = 0;

    buf_free(&seen);
    seen.max = 1 << 20;
    ck_assert_int_eq(buf_append_string(&seen, ""), 0);
    for (i = 0; r == 0 && i < length; i += step)
        r = sink.write(sink.context, text + i, length - i < step ? length - i : step);
    tb_events_free(&events);
    tb_events_free(&events);
    return r;
}

START_TEST(events_are_those_of_the_standard)
{
    static const struct {
        const char *stream;
        const char *events;
    } rows[] = {
        {"data: a\n\n", "[message|a|]"},
        {"data:a\n\ndata: b\n\n", "[message|a|][message|b|]"},
        {"data: a\r\n\r\ndata: b\r\rdata: c\n\n", "[message|a|][message|b|][message|c|]"},
        {"data: YHOO\ndata: +2\ndata: 10\n\n", "[message|YHOO\n+2\n10|]"},
        {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
         "[message|first event|1][message|second event|][message| third event|]"},
        {"data\n\ndata\ndata\n\ndata:", "[message||][message|\n|]"},
        {"data:test\n\ndata: test\n\n", "[message|test|][message|test|]"},
        {"event: add\ndata: 1\n\ndata: 2\n\n", "[add|1|][message|2|]"},
        {"event: x\n\ndata: 1\n\n", "[message|1|]"},
        {"id: 7\n\ndata: 1\n\ndata: 2\n\n", "[message|1|7][message|2|7]"},
        {"retry: 10\nunknown: x\ndatax: y\ndata : z\n\n", ""},
        {"data: unfinished\n", ""},
        {"\xef\xbb\xbf"
         "data: a\n\n\xef\xbb\xbf"
         "data: b\n\n",
         "[message|a|]"},
        {"\n\n\n", ""},
        {"data: a:b: c\n\n", "[message|a:b: c|]"},
    };
    size_t i, step;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (step = 1; step < 8; step++) {
            ck_assert_int_eq(feed(rows[i].stream, strlen(rows[i].stream), step), 0);
            ck_assert_msg(strcmp(seen.data, rows[i].events) == 0, "%zu, step %zu: %s", i, step, seen.data);
        }
    ck_assert_int_eq(feed("data: a\0b\n\n", 11, 3), 0);
    ck_assert_str_eq(seen.data, "[message|a\xef\xbf\xbd"
                                "b|]");
}
END_TEST

START_TEST(an_event_can_end_the_stream)
{
    ck_assert_int_eq(feed("data: 1\n\ndata: stop\n\ndata: 2\n\n", 30, 100), -EPIPE);
    ck_assert_str_eq(seen.data, "[message|1|][message|stop|]");
}
END_TEST

START_TEST(events_are_bounded)
{
    size_t max = 1024 * 1024, i;
    char *line = malloc(max + 8);
    tb_events events = {.event = event};
    tb_sink sink = tb_sink_to_events(&events);

    ck_assert_ptr_nonnull(line);
    memset(line, 'x', max + 8);
    ck_assert_int_eq(sink.write(sink.context, line, max), 0);
    ck_assert_int_eq(sink.write(sink.context, line, 1), -EMSGSIZE);
    tb_events_free(&events);
    memcpy(line, "data: ", 6);
    line[1023] = '\n';
    for (i = 0; i < 1200 && sink.write(sink.context, line, 1024) == 0; i++)
        ;
    ck_assert_uint_ge(i, 1024); /* 1,018 bytes of each line count */
    ck_assert_uint_lt(i, 1200);
    tb_events_free(&events);
    free(line);
}
END_TEST

START_TEST(a_buffer_is_bounded)
{
    tb_buffer buffer = {.max = 10};
    tb_sink sink = tb_sink_to_buffer(&buffer);

    ck_assert_int_eq(sink.begin(sink.context, "text/plain", "n", -1), 0);
    ck_assert_str_eq(buffer.content_type, "text/plain");
    ck_assert_str_eq(buffer.file_name, "n");
    ck_assert_int_eq(sink.write(sink.context, "12345", 5), 0);
    ck_assert_int_eq(sink.write(sink.context, "67890", 5), 0);
    ck_assert_str_eq(buffer.data, "1234567890");
    ck_assert_int_eq(sink.write(sink.context, "1", 1), -EMSGSIZE);
    ck_assert_uint_eq(buffer.length, 10);
    tb_buffer_free(&buffer);
    ck_assert_ptr_null(buffer.data);
}
END_TEST

START_TEST(a_file_gets_everything_or_an_error)
{
    char text[20] = "";
    const char *path = unit_file(0, "sink", 0600, "", 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    tb_sink sink = tb_sink_to_file(&fd);

    ck_assert_int_eq(sink.write(sink.context, "abc", 3), 0);
    ck_assert_int_eq(sink.write(sink.context, "def", 3), 0);
    ck_assert_int_eq(pread(fd, text, sizeof(text), 0), 6);
    ck_assert_str_eq(text, "abcdef");
    close(fd);
    fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(sink.write(sink.context, "abc", 3), -ENOSPC);
    close(fd);
}
END_TEST

UNIT_SUITE(sink)
{
    TCase *tests;
    Suite *suite = unit_suite_create("sink", &tests);

    tcase_add_test(tests, events_are_those_of_the_standard);
    tcase_add_test(tests, an_event_can_end_the_stream);
    tcase_add_test(tests, events_are_bounded);
    tcase_add_test(tests, a_buffer_is_bounded);
    tcase_add_test(tests, a_file_gets_everything_or_an_error);
    return suite;
}
