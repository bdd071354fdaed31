/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/base64url.h"
#include "unit.h"

/* RFC 4648, section 10, without the padding; the last two show the digits that differ from plain base64. */
static const struct {
    const char *data;
    const char *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg"},
    {"fo", "Zm8"},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg"},
    {"fooba", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "-_-_"},
    {"\xff\xff", "__8"},
};

START_TEST(the_vectors_of_the_rfc)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct buf text = BUF_INIT(100), data = BUF_INIT(100);

        ck_assert_int_eq(base64url_encode(&text, vectors[i].data, strlen(vectors[i].data)), 0);
        ck_assert_uint_eq(text.len, strlen(vectors[i].text));
        ck_assert_mem_eq(text.len ? text.data : "", vectors[i].text, text.len);
        ck_assert_int_eq(base64url_decode(&data, vectors[i].text, strlen(vectors[i].text)), 0);
        ck_assert_uint_eq(data.len, strlen(vectors[i].data));
        ck_assert_mem_eq(data.len ? data.data : "", vectors[i].data, data.len);
        buf_free(&text);
        buf_free(&data);
    }
}
END_TEST

START_TEST(every_length_comes_back)
{
    unsigned char data[200];
    size_t length, i;

    for (length = 0; length <= sizeof(data); length++) {
        struct buf text = BUF_INIT(1000), back = BUF_INIT(1000);

        for (i = 0; i < length; i++)
            data[i] = (unsigned char)unit_random();
        ck_assert_int_eq(base64url_encode(&text, data, length), 0);
        ck_assert_uint_eq(text.len, (length * 4 + 2) / 3);
        ck_assert_int_eq(base64url_decode(&back, text.len ? text.data : "", text.len), 0);
        ck_assert_uint_eq(back.len, length);
        ck_assert_mem_eq(length ? back.data : "", data, length);
        buf_free(&text);
        buf_free(&back);
    }
}
END_TEST

START_TEST(both_append)
{
    struct buf buf = BUF_INIT(100);

    ck_assert_int_eq(buf_append_string(&buf, "x."), 0);
    ck_assert_int_eq(base64url_encode(&buf, "foo", 3), 0);
    ck_assert_int_eq(base64url_decode(&buf, "Zm9v", 4), 0);
    ck_assert_str_eq(buf.data, "x.Zm9vfoo");
    buf_free(&buf);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
} bad[] = {
    {"Z", 1},    {"Zm9vY", 5}, {"Zg==", 4}, {"Zm8=", 4}, {"Zm+v", 4},       {"Zm/v", 4}, {"Zm9v\n", 5},
    {" Zm9", 4}, {"Zm\0v", 4}, {"\0", 1},   {"Zm.v", 4}, {"Zm\xc3\xa4", 4}, {"Zg=", 3},  {"Zm9vZm9v!", 9},
};

START_TEST(what_is_not_base64url_is_refused)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        struct buf buf = BUF_INIT(100);

        ck_assert_int_eq(buf_append_string(&buf, "before"), 0);
        ck_assert_msg(base64url_decode(&buf, bad[i].text, bad[i].length) == -EBADMSG, "row %zu", i);
        ck_assert_uint_eq(buf.len, 6);
        ck_assert_mem_eq(buf.data, "before", 6);
        buf_free(&buf);
    }
}
END_TEST

/* "OUT is unchanged on error", and buf.h promises a NUL behind the bytes. */
START_TEST(after_an_error_the_text_still_ends_where_it_did)
{
    struct buf buf = BUF_INIT(9);

    ck_assert_int_eq(buf_append_string(&buf, "before"), 0);
    ck_assert_int_eq(base64url_decode(&buf, "Zm9!", 4), -EBADMSG);
    ck_assert_str_eq(buf.data, "before");
    ck_assert_int_eq(base64url_decode(&buf, "Zm9vYg", 6), -EMSGSIZE);
    ck_assert_str_eq(buf.data, "before");
    ck_assert_int_eq(base64url_encode(&buf, "foob", 4), -EMSGSIZE);
    ck_assert_str_eq(buf.data, "before");
    buf_free(&buf);
}
END_TEST

START_TEST(the_maximum_of_the_buffer_holds)
{
    struct buf buf = BUF_INIT(4);

    ck_assert_int_eq(base64url_encode(&buf, "foob", 4), -EMSGSIZE);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(base64url_encode(&buf, "foo", 3), 0);
    ck_assert_uint_eq(buf.len, 4);
    buf_clear(&buf);
    ck_assert_int_eq(base64url_decode(&buf, "Zm9vYmE", 7), -EMSGSIZE);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert_int_eq(base64url_decode(&buf, "Zm9vYg", 6), 0);
    ck_assert_str_eq(buf.data, "foob");
    buf_free(&buf);
}
END_TEST

UNIT_SUITE(base64url)
{
    TCase *tests;
    Suite *suite = unit_suite_create("base64url", &tests);

    tcase_add_test(tests, the_vectors_of_the_rfc);
    tcase_add_test(tests, every_length_comes_back);
    tcase_add_test(tests, both_append);
    tcase_add_test(tests, what_is_not_base64url_is_refused);
    tcase_add_test(tests, after_an_error_the_text_still_ends_where_it_did);
    tcase_add_test(tests, the_maximum_of_the_buffer_holds);
    return suite;
}
