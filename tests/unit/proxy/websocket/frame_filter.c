/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a program's frames pass; tests/e2e/test_websocket.py tests the same on the wire. */
#include <errno.h>

#include "proxy/websocket/frame_filter.h"
#include "unit.h"
#include "upstream/auth_command.h"

#define OUT_MAX (1 << 22)

/* A masked frame; FIRST: its first byte. */
static void put(struct buf *out, unsigned first, const void *payload, size_t length)
{
    size_t before = out->len;

    ck_assert_int_eq(frame_put(out, FRAME_TEXT, true, payload, length), 0);
    out->data[before] = (char)first;
}

static void put_text(struct buf *out, unsigned first, const char *text)
{
    put(out, first, text, strlen(text));
}

/* Sends IN through FILTER in pieces of at most STEP bytes (0: of random size). Returns 0, or the first error.
 */
static int pass(struct frame_filter *filter, const struct buf *in, size_t step, struct buf *out)
{
    size_t at = 0;

    while (at < in->len) {
        size_t length = step ? step : 1 + unit_random() % FRAME_FILTER_ADD_BYTES;
        int r;

        if (length > in->len - at)
            length = in->len - at;
        ck_assert_int_eq(frame_filter_add(filter, in->data + at, length), 0);
        at += length;
        while ((r = frame_filter_next(filter, out)) > 0)
            ;
        if (r < 0)
            return r;
    }
    return 0;
}

static int pass_all(const struct buf *in, bool compression, size_t step, struct buf *out)
{
    struct frame_filter filter;
    int r;

    frame_filter_init(&filter);
    filter.reader.compression = compression;
    r = pass(&filter, in, step, out);
    frame_filter_free(&filter);
    return r;
}

static void assert_same(const struct buf *a, const struct buf *b)
{
    ck_assert_uint_eq(a->len, b->len);
    ck_assert_int_eq(memcmp(a->data, b->data, a->len), 0);
}

START_TEST(frames_pass_unchanged_however_they_come)
{
    static const size_t steps[] = {1, 2, 7, 1000, FRAME_FILTER_ADD_BYTES, 0};
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);
    static char large[FRAME_FILTER_MESSAGE_BYTES];

    put_text(&in, 0x81, "a message");
    put_text(&in, 0x89, "a ping");
    put_text(&in, 0x82, "");
    put(&in, 0x81, large, sizeof(large));
    put_text(&in, 0x01, "in ");
    put_text(&in, 0x00, "");
    put_text(&in, 0x80, "parts");
    put(&in, 0x82, large, 65535);
    put_text(&in, 0x88, "\x03\xe8");
    ck_assert_int_eq(pass_all(&in, false, steps[_i], &out), 0);
    assert_same(&out, &in);
}
END_TEST

START_TEST(control_frames_do_not_wait_for_a_message)
{
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX), wanted = BUF_INIT(OUT_MAX);
    size_t pong, rest;

    put_text(&in, 0x01, "in ");
    pong = in.len;
    put_text(&in, 0x8a, "pong");
    rest = in.len;
    put_text(&in, 0x80, "parts");
    ck_assert_int_eq(buf_append(&wanted, in.data + pong, rest - pong), 0);
    ck_assert_int_eq(buf_append(&wanted, in.data, pong), 0);
    ck_assert_int_eq(buf_append(&wanted, in.data + rest, in.len - rest), 0);
    ck_assert_int_eq(pass_all(&in, false, 1, &out), 0);
    assert_same(&out, &wanted);
}
END_TEST

START_TEST(nothing_passes_after_a_close_frame)
{
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);
    size_t length;

    put_text(&in, 0x01, "the beginning of a message");
    length = in.len;
    put_text(&in, 0x88, "\x03\xe8");
    length = in.len - length;
    put_text(&in, 0x80, "its end");
    ck_assert_int_eq(buf_append(&in, "what is no frame", 16), 0);
    ck_assert_int_eq(pass_all(&in, false, 3, &out), 0);
    ck_assert_uint_eq(out.len, length);
}
END_TEST

START_TEST(frames_out_of_place_are_refused)
{
    static const struct {
        unsigned first, second;
    } rows[] = {{0x80, 0}, {0x00, 0}, {0x01, 0x81}, {0x01, 0x02}, {0x81, 0x80}};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);

        put_text(&in, rows[i].first, "x");
        if (rows[i].second)
            put_text(&in, rows[i].second, "x");
        ck_assert_int_eq(pass_all(&in, false, 1, &out), -EPROTO);
    }
}
END_TEST

START_TEST(an_unmasked_frame_is_refused)
{
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);

    ck_assert_int_eq(frame_put(&in, FRAME_TEXT, false, "x", 1), 0);
    ck_assert_int_eq(pass_all(&in, false, 1, &out), -EPROTO);
}
END_TEST

START_TEST(messages_are_bounded)
{
    static char large[FRAME_FILTER_MESSAGE_BYTES + 1];
    CLEANUP(buf_free) struct buf one = BUF_INIT(OUT_MAX), two = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);
    CLEANUP(buf_free) struct buf many = BUF_INIT(OUT_MAX);

    put(&one, 0x81, large, sizeof(large));
    ck_assert_int_eq(pass_all(&one, false, 1000, &out), -EMSGSIZE);
    put(&two, 0x01, large, 40000);
    put(&two, 0x80, large, FRAME_FILTER_MESSAGE_BYTES - 40000 + 1);
    ck_assert_int_eq(pass_all(&two, false, 1000, &out), -EMSGSIZE);
    put_text(&many, 0x01, "");
    while (many.len + 12 <= FRAME_FILTER_RAW_BYTES) /* 6 bytes each */
        put_text(&many, 0x00, "");
    put_text(&many, 0x80, "");
    ck_assert_int_eq(pass_all(&many, false, 1000, &out), 0);
    assert_same(&out, &many);
    buf_truncate(&many, many.len - 6);
    put_text(&many, 0x00, "");
    put_text(&many, 0x80, "");
    ck_assert_int_eq(pass_all(&many, false, 1000, &out), -EMSGSIZE);
}
END_TEST

static void deflate_message(z_stream *stream, const char *text, struct buf *out)
{
    char data[8192];

    stream->next_in = (Bytef *)(uintptr_t)text;
    stream->avail_in = (uInt)strlen(text);
    stream->next_out = (Bytef *)data;
    stream->avail_out = sizeof(data);
    ck_assert_int_eq(deflate(stream, Z_SYNC_FLUSH), Z_OK);
    put(out, 0xc1, data, sizeof(data) - stream->avail_out - 4);
}

/* Reads the text of one masked, uncompressed frame at the beginning of BUF. */
static void assert_text(const struct buf *buf, const char *text)
{
    CLEANUP(buf_free) struct buf payload = BUF_INIT(OUT_MAX);
    struct frame_reader reader = {.masked = true};

    ck_assert_int_eq(frame_read(&reader, buf->data, buf->len), (ssize_t)buf->len);
    ck_assert(reader.ended && reader.frame.final && reader.frame.opcode == FRAME_TEXT);
    ck_assert_int_eq(frame_reader_append_part(&reader, &payload), 0);
    ck_assert_str_eq(payload.data, text);
}

START_TEST(compressed_messages_pass_until_one_is_changed)
{
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);
    struct frame_filter filter;
    z_stream stream = {0};

    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    frame_filter_init(&filter);
    filter.reader.compression = true;
    deflate_message(&stream, "{\"cmds\":[\"hello hello\"]}", &in);
    deflate_message(&stream, "{\"cmds\":[\"hello hello\"]}", &in);
    ck_assert_int_eq(pass(&filter, &in, 5, &out), 0);
    assert_same(&out, &in);
    buf_clear(&in);
    buf_clear(&out);
    deflate_message(&stream, "{\"authCmd\":\"hello hello\",\"cmds\":[]}", &in);
    ck_assert_int_eq(pass(&filter, &in, 5, &out), 0);
    assert_text(&out, "{\"cmds\":[]}");
    buf_clear(&in);
    buf_clear(&out);
    deflate_message(&stream, "hello hello", &in);
    ck_assert_int_eq(pass(&filter, &in, 5, &out), 0);
    assert_text(&out, "hello hello");
    frame_filter_free(&filter);
    deflateEnd(&stream);
}
END_TEST

/* One call reads one message, even if nothing of it passes: many small ones that inflate to the largest size
 * are in one piece. */
START_TEST(messages_are_read_one_by_one)
{
    static char text[FRAME_FILTER_MESSAGE_BYTES];
    CLEANUP(buf_free) struct buf in = BUF_INIT(OUT_MAX), out = BUF_INIT(OUT_MAX);
    struct frame_filter filter;
    z_stream stream = {0};
    unsigned i;

    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "{\"authCmd\":1}", 13);
    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    frame_filter_init(&filter);
    filter.reader.compression = true;
    for (i = 0; i < 10; i++)
        deflate_message(&stream, text, &in);
    ck_assert_uint_lt(in.len, 2000);
    ck_assert_int_eq(frame_filter_add(&filter, in.data, in.len), 0);
    for (i = 1; i <= 10; i++) {
        ck_assert_int_eq(frame_filter_next(&filter, &out), 1);
        ck_assert_uint_ge(filter.handled, i * strlen(text));
        ck_assert_uint_le(filter.handled, i * strlen(text) + in.len);
    }
    ck_assert_int_eq(frame_filter_next(&filter, &out), 0);
    ck_assert_uint_eq(out.len, 0);
    frame_filter_free(&filter);
    deflateEnd(&stream);
}
END_TEST

START_TEST(errors_have_close_codes)
{
    ck_assert_int_eq(frame_filter_close_code(-EPROTO), 1002);
    ck_assert_int_eq(frame_filter_close_code(-EBADMSG), 1007);
    ck_assert_int_eq(frame_filter_close_code(-EMSGSIZE), 1009);
    ck_assert_int_eq(frame_filter_close_code(-ENOMEM), 1011);
}
END_TEST

START_TEST(the_auth_command_is_removed)
{
    static const struct {
        const char *message;
        int result;
        const char *rest;
    } rows[] = {
        {"{\"authCmd\":1}", AUTH_COMMAND_ALONE, ""},
        {" {\t\"authCmd\" : { \"a\" : \"}\" } , \"AUTHCMD\":[]\r\n} ", AUTH_COMMAND_ALONE, ""},
        {"{\"auth\\u0043md\":1,\"a\": 1.10}", AUTH_COMMAND_REMOVED, "{\"a\": 1.10}"},
        {"{\"a\":1 , \"authCmd\":2,\"b\" : 3}", AUTH_COMMAND_REMOVED, "{\"a\":1,\"b\" : 3}"},
        {"{\"a\":{\"authCmd\":1}}", AUTH_COMMAND_NONE, NULL},
        {"[{\"authCmd\":1}]", AUTH_COMMAND_NONE, NULL},
        {"\"authCmd\"", AUTH_COMMAND_NONE, NULL},
        {"{\"authCmd \":1}", AUTH_COMMAND_NONE, NULL},
        {"{\"authCm\":1,\"authCmd\\\"\":2,\"\":3}", AUTH_COMMAND_NONE, NULL},
        {"{\"\\u0061\\u0055\\u0074\\u0048\\u0063\\u004d\\u0064\":1}", AUTH_COMMAND_ALONE, ""},
        {"{\"authCm\\u0044\":1,\"authCm\\u0064\\u0000\":2,\"\\/uthCmd\":3}", AUTH_COMMAND_REMOVED,
         "{\"authCm\\u0064\\u0000\":2,\"\\/uthCmd\":3}"},
        {"{\"auth\\u006Dmd\":1}", AUTH_COMMAND_NONE, NULL},
        {"{\"a\":\"\\u0000\"}", AUTH_COMMAND_NONE, NULL},
        {"no JSON", AUTH_COMMAND_NONE, NULL},
        {"", AUTH_COMMAND_NONE, NULL},
        {"{\"a\":1e999}", AUTH_COMMAND_NONE, NULL},
        /* all JSON is understood */
        {"{\"authCmd\":1e999}", AUTH_COMMAND_ALONE, ""},
        {"{\"a\":89010303310033979663 ,\"auth\\u0043md\":{\"token\":-0},\"b\":1E400}", AUTH_COMMAND_REMOVED,
         "{\"a\":89010303310033979663,\"b\":1E400}"},
        {"{\"a\\u0000\":\"\\ud83d\",\"AUTHCMD\":1,\"authCmd\\u0000\":2}", AUTH_COMMAND_REMOVED,
         "{\"a\\u0000\":\"\\ud83d\",\"authCmd\\u0000\":2}"},
        {"{\"\\ud83d\\u0061\":1e999,\"b\":\"\\u0000\"}", AUTH_COMMAND_NONE, NULL},
        {"{\"\xef\xb7\x90\":1,\"authCmd\":\"\\ufdd0\"}", AUTH_COMMAND_REMOVED, "{\"\xef\xb7\x90\":1}"},
        {"{\"authCmd\":1e999 1e999}", -EBADMSG, NULL},
        {"{\"authCmd\":\"\\ud83d\\q\"}", -EBADMSG, NULL},
        {"{1e999:1,\"authCmd\":1}", -EBADMSG, NULL},
        {"{\"authCmd\":1}}", -EBADMSG, NULL},
        {"{authCmd:1}", -EBADMSG, NULL},
        {"\\u006x", -EBADMSG, NULL},
        {"\\u0", AUTH_COMMAND_NONE, NULL},
        {"{\"\\u20ac\\u0000\\u00e9\"", AUTH_COMMAND_NONE, NULL},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(buf_free) struct buf rest = BUF_INIT(strlen(rows[i].message));
        int r = auth_command_remove(rows[i].message, strlen(rows[i].message), &rest);

        ck_assert_msg(r == rows[i].result, "%s: %d", rows[i].message, r);
        if (r == AUTH_COMMAND_REMOVED)
            ck_assert_str_eq(rest.data, rows[i].rest);
    }
}
END_TEST

START_TEST(the_auth_command_is_written)
{
    CLEANUP(buf_free) struct buf out = BUF_INIT(100);

    ck_assert_int_eq(auth_command_write("a.b.c", &out), 0);
    ck_assert_str_eq(out.data, "{\"authCmd\":{\"cmdId\":0,\"token\":\"a.b.c\"}}");
}
END_TEST

UNIT_SUITE(frame_filter)
{
    TCase *tests;
    Suite *suite = unit_suite_create("frame filter", &tests);

    tcase_add_loop_test(tests, frames_pass_unchanged_however_they_come, 0, 6);
    tcase_add_test(tests, control_frames_do_not_wait_for_a_message);
    tcase_add_test(tests, nothing_passes_after_a_close_frame);
    tcase_add_test(tests, frames_out_of_place_are_refused);
    tcase_add_test(tests, an_unmasked_frame_is_refused);
    tcase_add_test(tests, messages_are_bounded);
    tcase_add_test(tests, compressed_messages_pass_until_one_is_changed);
    tcase_add_test(tests, messages_are_read_one_by_one);
    tcase_add_test(tests, errors_have_close_codes);
    tcase_add_test(tests, the_auth_command_is_removed);
    tcase_add_test(tests, the_auth_command_is_written);
    return suite;
}
