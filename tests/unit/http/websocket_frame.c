/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "http/websocket_frame.h"
#include "unit.h"

#define OUT_MAX (1 << 20)

/* RFC 6455, section 5.7. */
START_TEST(the_standards_examples_are_read)
{
    static const struct {
        const char *bytes;
        size_t length;
        bool masked;
        enum frame_opcode opcode;
        bool final;
        uint64_t payload_length;
        size_t header_length;
        const char *text;
    } rows[] = {
        {"\x81\x05Hello", 7, false, FRAME_TEXT, true, 5, 2, "Hello"},
        {"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11, true, FRAME_TEXT, true, 5, 6, "Hello"},
        {"\x01\x03Hel", 5, false, FRAME_TEXT, false, 3, 2, "Hel"},
        {"\x89\x05Hello", 7, false, FRAME_PING, true, 5, 2, "Hello"},
        {"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11, true, FRAME_PONG, true, 5, 6, "Hello"},
        {"\x82\x7e\x01\x00", 4, false, FRAME_BINARY, true, 256, 4, ""},
        {"\x82\x7f\0\0\0\0\0\1\0\0", 10, false, FRAME_BINARY, true, 65536, 10, ""},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(buf_free) struct buf payload = BUF_INIT(OUT_MAX);
        struct frame_reader reader = {.masked = rows[i].masked};
        const struct frame *frame = &reader.frame;

        ck_assert_int_eq(frame_read(&reader, rows[i].bytes, rows[i].length), (ssize_t)rows[i].length);
        ck_assert(reader.begun && frame->final == rows[i].final && frame->masked == rows[i].masked);
        ck_assert_int_eq(frame->opcode, rows[i].opcode);
        ck_assert_uint_eq(frame->length, rows[i].payload_length);
        ck_assert_uint_eq(frame->header_length, rows[i].header_length);
        ck_assert_int_eq(frame_reader_append_part(&reader, &payload), 0);
        ck_assert_str_eq(payload.len ? payload.data : "", rows[i].text);
        ck_assert_int_eq(reader.ended, payload.len == frame->length);
    }
}
END_TEST

/* What comes of a header's first bytes: 0; -EAGAIN: it is not complete; -EPROTO. */
static int read_header(const char *bytes, size_t length, bool compression)
{
    struct frame_reader reader = {.masked = length > 1 && (bytes[1] & 0x80), .compression = compression};
    ssize_t n = frame_read(&reader, bytes, length);

    return n < 0 ? (int)n : reader.begun ? 0 : -EAGAIN;
}

START_TEST(an_invalid_frame_is_refused_at_its_first_bytes)
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
        ck_assert_int_eq(read_header(rows[i].bytes, rows[i].length, false), rows[i].plain);
        ck_assert_int_eq(read_header(rows[i].bytes, rows[i].length, true), rows[i].compressed);
    }
}
END_TEST

START_TEST(a_client_masks_and_a_server_does_not)
{
    struct frame_reader client = {.masked = true}, server = {.masked = false};

    ck_assert_int_eq(frame_read(&client, "\x81\x01x", 3), -EPROTO);
    ck_assert_int_eq(frame_read(&server, "\x81\x81\1\2\3\4x", 7), -EPROTO);
}
END_TEST

START_TEST(a_message_is_continued_before_the_next_one)
{
    static const struct {
        const char frames[9]; /* without a payload */
        size_t length;
        ssize_t result; /* of the last frame */
    } rows[] = {
        {"\x81\0", 2, 2},
        {"\x80\0", 2, -EPROTO},
        {"\x00\0", 2, -EPROTO},
        {"\x01\0\x80\0\x81\0", 6, 2},
        {"\x01\0\x00\0\x89\0\x80\0", 8, 2}, /* with a ping in between */
        {"\x01\0\x81\0", 4, -EPROTO},
        {"\x01\0\x02\0", 4, -EPROTO},
        {"\x81\0\x80\0", 4, -EPROTO},
        {"\x01\0\x80\0\x80\0", 6, -EPROTO},
    };
    size_t i, at;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        struct frame_reader reader = {0};
        ssize_t n = 0;

        for (at = 0; at < rows[i].length; at += 2) {
            ck_assert_int_ge(n, 0);
            n = frame_read(&reader, rows[i].frames + at, rows[i].length - at);
        }
        ck_assert_int_eq(n, rows[i].result);
    }
}
END_TEST

START_TEST(the_order_can_be_left_to_others)
{
    static const char frames[] = "\x80\0\x01\0\x81\0\x00\0";
    struct frame_reader reader = {.any_order = true};
    size_t at;

    for (at = 0; at < sizeof(frames) - 1; at += 2)
        ck_assert_int_eq(frame_read(&reader, frames + at, 2), 2);
    ck_assert_uint_eq(reader.count, 4);
}
END_TEST

START_TEST(a_written_frame_is_read_back)
{
    static const size_t sizes[] = {0, 1, 125, 126, 65535, 65536, 70000};
    size_t i;

    for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
        CLEANUP(buf_free) struct buf out = BUF_INIT(OUT_MAX), back = BUF_INIT(OUT_MAX);
        struct frame_reader reader = {.masked = i % 2 == 1};
        size_t size = sizes[i / 2], at = 0;
        char *payload = malloc(size + 1);

        memset(payload, 'x', size);
        ck_assert_int_eq(frame_put(&out, FRAME_BINARY, reader.masked, payload, size), 0);
        while (at < out.len) {
            size_t length = 1 + unit_random() % 1000;
            ssize_t n = frame_read(&reader, out.data + at, length < out.len - at ? length : out.len - at);

            ck_assert_int_gt(n, 0);
            at += (size_t)n;
            ck_assert_int_eq(frame_reader_append_part(&reader, &back), 0);
            ck_assert_int_eq(reader.ended, at == out.len);
        }
        ck_assert(reader.frame.final && reader.frame.opcode == FRAME_BINARY);
        ck_assert_uint_eq(back.len, size);
        ck_assert_mem_eq(size ? back.data : "", payload, size);
        free(payload);
    }
}
END_TEST

/* Across a stream of frames in pieces of random size. */
START_TEST(the_reader_stops_at_the_end_of_each_frame)
{
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX);
    static char large[70000];
    struct frame_reader reader = {0};
    size_t at = 0, ends = 0;

    ck_assert_int_eq(frame_put(&in, FRAME_TEXT, false, "", 0), 0);
    ck_assert_int_eq(frame_put(&in, FRAME_BINARY, false, large, sizeof(large)), 0);
    ck_assert_int_eq(frame_put_close(&in, false, 4500, "why"), 0);
    ck_assert(frame_reader_is_between(&reader));
    while (at < in.len) {
        size_t length = 1 + unit_random() % 1000;
        ssize_t n = frame_read(&reader, in.data + at, length < in.len - at ? length : in.len - at);

        ck_assert_int_gt(n, 0);
        at += (size_t)n;
        ck_assert_int_eq(reader.ended, frame_reader_is_between(&reader));
        ends += reader.ended;
    }
    ck_assert_uint_eq(ends, 3);
    ck_assert_uint_eq(reader.count, 3);
    ck_assert(reader.closed);
    ck_assert_uint_eq(frame_close_code(reader.control, reader.control_length), 4500);
    ck_assert_str_eq(reader.control + 2, "why");
}
END_TEST

/* Its payload is there as a whole, as it came, and ends with a NUL. */
START_TEST(control_frames_come_between_the_parts_of_a_message)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(OUT_MAX);
    static const char in[] = "\x01\x02He\x89\x05longe\x89\x01x\x80\x03llo";
    struct frame_reader reader = {0};

    ck_assert_int_eq(frame_read(&reader, in, 4), 4);
    ck_assert_int_eq(frame_reader_append_part(&reader, &text), 0);
    ck_assert_int_eq(frame_read(&reader, in + 4, 3), 3);
    ck_assert(reader.begun && !reader.ended && reader.in_payload);
    ck_assert_str_eq(reader.control, "l");
    ck_assert_int_eq(frame_read(&reader, in + 7, 4), 4);
    ck_assert(!reader.begun && reader.ended);
    ck_assert_str_eq(reader.control, "longe");
    ck_assert_int_eq(frame_read(&reader, in + 11, 8), 3);
    ck_assert_str_eq(reader.control, "x");
    ck_assert_int_eq(frame_read(&reader, in + 14, 5), 5);
    ck_assert_int_eq(frame_reader_append_part(&reader, &text), 0);
    ck_assert(reader.ended && reader.frame.final && reader.frame.opcode == FRAME_CONTINUATION);
    ck_assert_str_eq(text.data, "Hello");
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
    tcase_add_test(tests, an_invalid_frame_is_refused_at_its_first_bytes);
    tcase_add_test(tests, a_client_masks_and_a_server_does_not);
    tcase_add_test(tests, a_message_is_continued_before_the_next_one);
    tcase_add_test(tests, the_order_can_be_left_to_others);
    tcase_add_test(tests, a_written_frame_is_read_back);
    tcase_add_test(tests, the_reader_stops_at_the_end_of_each_frame);
    tcase_add_test(tests, control_frames_come_between_the_parts_of_a_message);
    tcase_add_test(tests, a_frame_that_does_not_fit_is_not_written);
    tcase_add_test(tests, a_close_frame_has_a_code);
    return suite;
}
