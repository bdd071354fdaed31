/* SPDX-License-Identifier: Apache-2.0 */
#include "client/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "unit.h"

#define TEXT(text)                                                                                           \
    {                                                                                                        \
        .data = (text), .length = strlen(text)                                                               \
    }

static struct parts parts;

static void begin(void)
{
    ck_assert_int_eq(parts_begin(&parts, NULL), 0);
}

static void add(const char *name, const tb_part *part)
{
    tb_error err = TB_ERROR_INIT;

    ck_assert_msg(parts_add(&parts, name, part, NULL, &err) == 0, "%s", err.message);
}

static void assert_refused(const char *name, const tb_part *part, enum tb_error_kind kind, int code,
                           const char *message)
{
    tb_error err = TB_ERROR_INIT;

    ck_assert_int_eq(parts_add(&parts, name, part, NULL, &err), code);
    ck_assert_int_eq(err.code, code);
    ck_assert_int_eq(err.kind, kind);
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(parts_add(&parts, name, part, NULL, NULL), code);
}

/* Reads STEP bytes at a time until the end or an error, which is returned. */
static int read_all(struct buf *body, size_t step)
{
    char data[4096];
    size_t length;
    int r;

    ck_assert_uint_le(step, sizeof(data));
    for (;;) {
        length = SIZE_MAX;
        r = parts_read(&parts, data, step, &length);
        if (r < 0 || length == 0)
            return r;
        ck_assert_uint_le(length, step);
        ck_assert_int_eq(buf_append(body, data, length), 0);
    }
}

/* Asserts that the body is EXPECTED, in which each @ stands for the boundary; however much is read at once.
 */
static void assert_body(const char *expected)
{
    CLEANUP(buf_free) struct buf wanted = BUF_INIT(1 << 20);
    size_t step;

    for (; *expected; expected++)
        ck_assert_int_eq(*expected == '@' ? buf_append_string(&wanted, parts.boundary)
                                          : buf_append(&wanted, expected, 1),
                         0);
    for (step = 1; step < 300; step++) {
        CLEANUP(buf_free) struct buf body = BUF_INIT(1 << 20);

        ck_assert_int_eq(parts_rewind(&parts), 0);
        ck_assert_int_eq(read_all(&body, step), 0);
        ck_assert_str_eq(body.data, wanted.data);
        ck_assert_int_eq(parts.length, (int64_t)body.len);
    }
}

START_TEST(each_part_has_its_header_and_content)
{
    const char *path = unit_file(0, "content", 0600, "from a file", 11);

    begin();
    add("title", &(tb_part)TEXT("\xc3\xa4 text"));
    add("file", &(tb_part){.file = path, .name = "a.png", .content_type = "image/png"});
    add("json", &(tb_part){.data = "{}", .length = 2, .content_type = "application/json"});
    assert_body("--@\r\n"
                "Content-Disposition: form-data; name=\"title\"\r\n"
                "\r\n"
                "\xc3\xa4 text\r\n"
                "--@\r\n"
                "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n"
                "Content-Type: image/png\r\n"
                "\r\n"
                "from a file\r\n"
                "--@\r\n"
                "Content-Disposition: form-data; name=\"json\"\r\n"
                "Content-Type: application/json\r\n"
                "\r\n"
                "{}\r\n"
                "--@--\r\n");
    parts_free(&parts);
}
END_TEST

START_TEST(contents_may_be_empty)
{
    begin();
    add("a", &(tb_part){.data = NULL});
    add("b", &(tb_part){.file = unit_file(0, "empty", 0600, "", 0), .name = ""});
    assert_body("--@\r\n"
                "Content-Disposition: form-data; name=\"a\"\r\n"
                "\r\n"
                "\r\n"
                "--@\r\n"
                "Content-Disposition: form-data; name=\"b\"; filename=\"\"\r\n"
                "\r\n"
                "\r\n"
                "--@--\r\n");
    parts_free(&parts);
}
END_TEST

START_TEST(a_body_may_have_no_parts)
{
    begin();
    assert_body("--@--\r\n");
    parts_free(&parts);
}
END_TEST

START_TEST(names_are_escaped_as_browsers_do)
{
    begin();
    add("a\"b\r\nc", &(tb_part){.data = "x", .length = 1, .name = "\"\n\r\"d\\e%22;\xc3\xa4\t"});
    assert_body("--@\r\n"
                "Content-Disposition: form-data; name=\"a%22b%0D%0Ac\"; "
                "filename=\"%22%0A%0D%22d\\e%22;\xc3\xa4\t\"\r\n"
                "\r\n"
                "x\r\n"
                "--@--\r\n");
    parts_free(&parts);
}
END_TEST

START_TEST(bytes_are_sent_as_they_are)
{
    char bytes[1000];
    CLEANUP(buf_free) struct buf body = BUF_INIT(1 << 20);
    size_t i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)unit_random();
    begin();
    add("a", &(tb_part){.data = bytes, .length = sizeof(bytes)});
    add("b", &(tb_part){.file = unit_file(0, "bytes", 0600, bytes, sizeof(bytes))});
    ck_assert_int_eq(read_all(&body, 7), 0);
    ck_assert_int_eq(parts.length, (int64_t)body.len);
    ck_assert_mem_eq(body.data + parts.items[0].head.len - 2, bytes, sizeof(bytes));
    ck_assert_mem_eq(body.data + body.len - strlen(parts.end) - sizeof(bytes), bytes, sizeof(bytes));
    parts_free(&parts);
}
END_TEST

START_TEST(boundaries_are_random)
{
    char first[sizeof(parts.boundary)];

    begin();
    ck_assert_uint_eq(strlen(parts.boundary), PARTS_BOUNDARY_MAX);
    ck_assert_uint_eq(strspn(parts.boundary, "0123456789abcdef"), PARTS_BOUNDARY_MAX);
    memcpy(first, parts.boundary, sizeof(first));
    begin();
    ck_assert_str_ne(parts.boundary, first);
}
END_TEST

START_TEST(parts_are_counted)
{
    const char *path = unit_file(0, "counted", 0600, "x", 1);
    int i;

    begin();
    for (i = 0; i < PARTS_MAX; i++)
        add("a", &(tb_part){.file = path});
    assert_refused("a", &(tb_part){.file = path}, TB_ERROR_USAGE, -EMSGSIZE, "more than 64 parts");
    ck_assert_int_eq(parts_rewind(&parts), 0);
    parts_free(&parts);
}
END_TEST

START_TEST(what_was_made_for_a_part_is_freed)
{
    begin();
    ck_assert_int_eq(parts_add(&parts, "a", &(tb_part){.data = ""}, strdup("x"), NULL), 0);
    ck_assert_int_lt(parts_add(&parts, "a", &(tb_part){.file = "/nonexistent"}, strdup("x"), NULL), 0);
    ck_assert_uint_eq(parts.count, 1);
    parts_free(&parts);
    parts_free(&parts);
}
END_TEST

#if SIZE_MAX > INT64_MAX /* otherwise no memory is that large */
START_TEST(the_length_cannot_overflow)
{
    size_t max = (size_t)PARTS_CONTENT_LENGTH_MAX;
    int i;

    begin();
    for (i = 0; i < PARTS_MAX; i++)
        add("a", &(tb_part){.data = "", .length = max});
    ck_assert_int_gt(parts.length, PARTS_CONTENT_LENGTH_MAX * PARTS_MAX);
    parts_free(&parts);
    begin();
    assert_refused("a", &(tb_part){.data = "", .length = max + 1}, TB_ERROR_USAGE, -EFBIG, "a: is too large");
    assert_refused("a", &(tb_part){.data = "", .length = SIZE_MAX}, TB_ERROR_USAGE, -EFBIG,
                   "a: is too large");
}
END_TEST
#endif

START_TEST(a_content_type_is_one_line)
{
    begin();
    assert_refused("a", &(tb_part){.data = "", .content_type = "text/plain\r\nX: y"}, TB_ERROR_USAGE, -EINVAL,
                   "a: the content type must be one line");
}
END_TEST

START_TEST(only_regular_files_are_sent)
{
    char fifo[4096], message[4200];

    begin();
    assert_refused("a", &(tb_part){.file = "/nonexistent"}, TB_ERROR_SYSTEM, -ENOENT,
                   "a: /nonexistent: No such file or directory");
    assert_refused("a", &(tb_part){.file = "/"}, TB_ERROR_SYSTEM, -EINVAL, "a: / is not a regular file");
    assert_refused("a", &(tb_part){.file = "/dev/zero"}, TB_ERROR_SYSTEM, -EINVAL,
                   "a: /dev/zero is not a regular file");
    snprintf(fifo, sizeof(fifo), "%s/fifo", unit_directory());
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    snprintf(message, sizeof(message), "a: %s is not a regular file", fifo);
    assert_refused("a", &(tb_part){.file = fifo}, TB_ERROR_SYSTEM, -EINVAL, message);
    ck_assert_uint_eq(parts.count, 0);
    ck_assert_int_eq(unlink(fifo), 0);
}
END_TEST

START_TEST(a_file_that_was_replaced_is_sent_as_it_was)
{
    const char *path = unit_file(0, "replaced", 0600, "old", 3);
    char expected[] = "--@\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nold\r\n--@--\r\n";

    begin();
    add("a", &(tb_part){.file = path});
    assert_body(expected);
    unit_file(0, "replaced", 0600, "a new one", 9);
    assert_body(expected);
    ck_assert_int_eq(unlink(path), 0);
    assert_body(expected);
    parts_free(&parts);
}
END_TEST

/* A body with a file of SIZE bytes, of which all or nothing is sent although its size becomes CHANGED after
 * AT bytes of the body. */
static void assert_noticed(size_t size, off_t changed, size_t at)
{
    char content[8192] = "", message[4200], data[8192];
    const char *path = unit_file(0, "changed", 0600, content, size);
    CLEANUP(buf_free) struct buf body = BUF_INIT(1 << 20);
    size_t length = 0;

    begin();
    add("a", &(tb_part){.file = path});
    add("b", &(tb_part)TEXT("text"));
    if (at > 0)
        ck_assert_int_eq(parts_read(&parts, data, at, &length), 0);
    ck_assert_uint_eq(length, at);
    ck_assert_int_eq(truncate(path, changed), 0);
    ck_assert_int_eq(read_all(&body, 1000), -EMSGSIZE);
    ck_assert_int_lt((int64_t)(at + body.len), parts.length);
    ck_assert_ptr_null(body.data ? strstr(body.data, "text") : NULL);
    ck_assert_int_eq(parts.failure.code, -EMSGSIZE);
    ck_assert_int_eq(parts.failure.kind, TB_ERROR_SYSTEM);
    snprintf(message, sizeof(message), "a: %s: its size changed while it was sent", path);
    ck_assert_str_eq(parts.failure.message, message);
    ck_assert_int_eq(parts_read(&parts, data, 1, &length), -EMSGSIZE);
    ck_assert_int_eq(parts_rewind(&parts), -EMSGSIZE);
    ck_assert_int_eq(parts_read(&parts, data, 1, &length), -EMSGSIZE);
    parts_free(&parts);
}

START_TEST(a_file_that_shrinks_or_grows_ends_the_body)
{
    size_t head;

    begin();
    add("a", &(tb_part)TEXT("text"));
    head = parts.items[0].head.len - 2; /* the first part begins without an end of line */
    parts_free(&parts);
    assert_noticed(5000, 4999, 0);
    assert_noticed(5000, 5001, 0);
    assert_noticed(5000, 0, head);
    assert_noticed(5000, 100, head + 2000);
    assert_noticed(5000, 5001, head + 4999);
    assert_noticed(5000, 4999, head + 5000); /* all of it was read, but not what follows */
    assert_noticed(5000, 5001, head + 5000);
    assert_noticed(0, 1, 0);
    assert_noticed(1, 0, 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_ends_the_body)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(1 << 20);
    const char *path = unit_file(0, "unreadable", 0600, "text", 4);
    char message[4200];

    begin();
    add("a", &(tb_part){.file = path});
    close(parts.items[0].fd);
    parts.items[0].fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(read_all(&body, 1000), -EBADF);
    snprintf(message, sizeof(message), "a: %s: Bad file descriptor", path);
    ck_assert_str_eq(parts.failure.message, message);
    parts_free(&parts);
}
END_TEST

UNIT_SUITE(parts)
{
    TCase *tests;
    Suite *suite = unit_suite_create("parts", &tests);

    tcase_add_test(tests, each_part_has_its_header_and_content);
    tcase_add_test(tests, contents_may_be_empty);
    tcase_add_test(tests, a_body_may_have_no_parts);
    tcase_add_test(tests, names_are_escaped_as_browsers_do);
    tcase_add_test(tests, bytes_are_sent_as_they_are);
    tcase_add_test(tests, boundaries_are_random);
    tcase_add_test(tests, parts_are_counted);
    tcase_add_test(tests, what_was_made_for_a_part_is_freed);
#if SIZE_MAX > INT64_MAX
    tcase_add_test(tests, the_length_cannot_overflow);
#endif
    tcase_add_test(tests, a_content_type_is_one_line);
    tcase_add_test(tests, only_regular_files_are_sent);
    tcase_add_test(tests, a_file_that_was_replaced_is_sent_as_it_was);
    tcase_add_test(tests, a_file_that_shrinks_or_grows_ends_the_body);
    tcase_add_test(tests, a_file_that_cannot_be_read_ends_the_body);
    return suite;
}
