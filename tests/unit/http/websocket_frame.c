/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http/websocket_frame.h"
#include "unit.h"

static int parse(const char *bytes, size_t length, bool compression, struct frame *ret)
{
    return frame_parse(bytes, length, compression, ret);
}

/* RFC 6455, section 5.7. */
START_TEST(the_standards_examples_are_read)
{
    static const char hello[] = "\x81\x05Hello", masked[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    static const char first[] = "\x01\x03Hel", second[] = "\x80\x02lo", ping[] = "\x89\x05Hello";
    static const char medium[] = "\x82\x7e\x01\x00", large[] = "\x82\x7f\0\0\0\0\0\1\0\0";
    char text[] = "\x7f\x9f\x4d\x51\x58";
    struct frame frame;

    ck_assert_int_eq(parse(hello, 7, false, &frame), 0);
    ck_assert(frame.final && !frame.masked && !frame.compressed);
    ck_assert_int_eq(frame.opcode, FRAME_TEXT);
    ck_assert_uint_eq(frame.length, 5);
    ck_assert_uint_eq(frame.header_length, 2);
    ck_assert_int_eq(parse(masked, 11, false, &frame), 0);
    ck_assert(frame.masked);
    ck_assert_uint_eq(frame.header_length, 6);
    frame_mask(text, 5, frame.mask);
    ck_assert_str_eq(text, "Hello");
    ck_assert_int_eq(parse(first, 5, false, &frame), 0);
    ck_assert(!frame.final && frame.opcode == FRAME_TEXT);
    ck_assert_int_eq(parse(second, 4, false, &frame), 0);
    ck_assert(frame.final && frame.opcode == FRAME_CONTINUATION);
    ck_assert_int_eq(parse(ping, 7, false, &frame), 0);
    ck_assert_int_eq(frame.opcode, FRAME_PING);
    ck_assert_int_eq(parse(medium, 4, false, &frame), 0);
    ck_assert(frame.length == 256 && frame.header_length == 4);
    ck_assert_int_eq(parse(large, 10, false, &frame), 0);
    ck_assert(frame.length == 65536 && frame.header_length == 10);
}
END_TEST

START_TEST(what_is_no_frame_is_refused_at_its_first_bytes)
{
    static const struct {
        const char bytes[11];
        size_t length;
        int plain, compressed; /* what comes of it without and with compression */
    } rows[] = {
        {"\xc1\x00", 2, -EPROTO, 0},
        {"\xc2\x00", 2, -EPROTO, 0},
        {"\xc0\x00", 2, -EPROTO, -EPROTO}, /* a continuation */
        {"\xc9\x00", 2, -EPROTO, -EPROTO}, /* a ping */
        {"\xa1\x00", 2, -EPROTO, -EPROTO},
        {"\x91\x00", 2, -EPROTO, -EPROTO},
        {"\x83\x00", 2, -EPROTO, -EPROTO},
        {"\x87\x00", 2, -EPROTO, -EPROTO},
        {"\x8b\x00", 2, -EPROTO, -EPROTO},
        {"\x8f\x00", 2, -EPROTO, -EPROTO},
        {"\x09\x00", 2, -EPROTO, -EPROTO}, /* a fragmented ping */
        {"\x89\x7d", 2, 0, 0},
        {"\x89\x7e", 2, -EPROTO, -EPROTO},
        {"\x88\x7f", 2, -EPROTO, -EPROTO},
        {"\x81\x7e\x00\x7d", 4, -EPROTO, -EPROTO},
        {"\x81\x7e\x00\x7e", 4, 0, 0},
        {"\x81\x7f\0\0\0\0\0\0\xff\xff", 10, -EPROTO, -EPROTO},
        {"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10, 0, 0},
        {"\x81\x7f\x80\0\0\0\0\0\0\0", 10, -EPROTO, -EPROTO},
        {"\x81", 1, -EAGAIN, -EAGAIN},
        {"\x81\x7e\x01", 3, -EAGAIN, -EAGAIN},
        {"\x81\x7f\0\0\0\0\0\1\0", 9, -EAGAIN, -EAGAIN},
        {"\x81\x80\0\0\0", 5, -EAGAIN, -EAGAIN},
        {"", 0, -EAGAIN, -EAGAIN},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        struct frame frame;

        ck_assert_int_eq(parse(rows[i].bytes, rows[i].length, false, &frame), rows[i].plain);
        ck_assert_int_eq(parse(rows[i].bytes, rows[i].length, true, &frame), rows[i].compressed);
    }
}
END_TEST

START_TEST(what_is_written_is_read)
{
    static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536, 70000};
    size_t i;

    for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
        CLEANUP(buf_free) struct buf out = BUF_INIT(100000);
        size_t size = sizes[i / 2];
        char *payload = calloc(1, size + 1);
        struct frame frame;

        ck_assert_int_eq(frame_put(&out, FRAME_BINARY, i % 2 == 1, payload, size), 0);
        ck_assert_int_eq(frame_parse(out.data, out.len, false, &frame), 0);
        ck_assert(frame.final && frame.opcode == FRAME_BINARY && frame.masked == (i % 2 == 1));
        ck_assert_uint_eq(frame.length, size);
        ck_assert_uint_eq(frame.header_length + size, out.len);
        frame_mask(out.data + frame.header_length, size, frame.mask);
        ck_assert_int_eq(memcmp(out.data + frame.header_length, payload, size), 0);
        free(payload);
    }
}
END_TEST

START_TEST(a_frame_that_does_not_fit_is_not_written)
{
    struct buf out = BUF_INIT(10);

    ck_assert_int_eq(frame_put(&out, FRAME_TEXT, false, "12345678", 8), 0);
    ck_assert_int_eq(frame_put(&out, FRAME_TEXT, false, "", 0), -EMSGSIZE);
    ck_assert_uint_eq(out.len, 10);
    buf_clear(&out);
    ck_assert_int_eq(frame_put(&out, FRAME_TEXT, false, "123456789", 9), -EMSGSIZE);
    ck_assert_uint_eq(out.len, 0);
    buf_free(&out);
}
END_TEST

START_TEST(a_close_frame_has_a_code)
{
    CLEANUP(buf_free) struct buf out = BUF_INIT(1000);
    char reason[FRAME_CONTROL_MAX + 1] = "";

    ck_assert_int_eq(frame_put_close(&out, false, 1001, "going"), 0);
    ck_assert_int_eq(memcmp(out.data, "\x88\x07\x03\xe9going", 9), 0);
    ck_assert_uint_eq(frame_close_code(out.data + 2, out.len - 2), 1001);
    ck_assert_uint_eq(frame_close_code("\x11\x94x", 3), 4500);
    ck_assert_uint_eq(frame_close_code("\x11", 1), 1005);
    ck_assert_uint_eq(frame_close_code("", 0), 1005);
    memset(reason, 'x', FRAME_CONTROL_MAX - 2);
    ck_assert_int_eq(frame_put_close(&out, false, 1001, reason), 0);
    reason[FRAME_CONTROL_MAX - 2] = 'x';
    ck_assert_int_eq(frame_put_close(&out, false, 1001, reason), -EMSGSIZE);
}
END_TEST

UNIT_SUITE(frame)
{
    TCase *tests;
    Suite *suite = unit_suite_create("frame", &tests);

    tcase_add_test(tests, the_standards_examples_are_read);
    tcase_add_test(tests, what_is_no_frame_is_refused_at_its_first_bytes);
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, a_frame_that_does_not_fit_is_not_written);
    tcase_add_test(tests, a_close_frame_has_a_code);
    return suite;
}
