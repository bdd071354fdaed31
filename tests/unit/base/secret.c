/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "base/secret.h"
#include "unit.h"

static void tear_down(void)
{
    unsetenv("CREDENTIALS_DIRECTORY");
}

/* Reads a file of such bytes; on success the secret is *RET. */
static int read_bytes(const char *name, mode_t mode, const char *bytes, size_t length, char **ret,
                      struct tb_error *err)
{
    return secret_read(unit_file(0, name, mode, bytes, length), ret, err);
}

static void assert_reads(const char *bytes, const char *expected)
{
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;

    ck_assert_msg(read_bytes("secret", 0600, bytes, strlen(bytes), &secret, &err) == 0, "%s", err.message);
    ck_assert_str_eq(secret, expected);
    free_secret(secret);
}

static void assert_refused(int code, mode_t mode, const char *bytes, size_t length)
{
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;

    ck_assert_int_eq(read_bytes("refused-file", mode, bytes, length, &secret, &err), code);
    ck_assert_ptr_null(secret);
    ck_assert_int_eq(err.code, code);
    ck_assert_ptr_nonnull(strstr(err.message, "refused-file"));
    ck_assert_ptr_null(strstr(err.message, "hidden"));
}

START_TEST(a_line_end_is_not_part_of_the_secret)
{
    assert_reads("s3cret", "s3cret");
    assert_reads("s3cret\n", "s3cret");
    assert_reads("s3cret\r\n", "s3cret");
    assert_reads(" blanks stay \n", " blanks stay ");
    assert_reads("gr\xc3\xbc\xc3\x9f\n", "gr\xc3\xbc\xc3\x9f");
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    assert_reads("\xef\xbb\xbfs3cret", "s3cret");
    assert_reads("\xef\xbb\xbfs3cret\r\n", "s3cret");
    assert_reads("s3\xef\xbb\xbf"
                 "cret",
                 "s3\xef\xbb\xbf"
                 "cret");
    assert_refused(-EINVAL, 0600, "\xef\xbb\xbf", 3);
    assert_refused(-EINVAL, 0600, "\xef\xbb\xbf\r\n", 5);
    assert_refused(-EINVAL, 0600, "\xff\xfeh\0i\0", 6); /* UTF-16 */
}
END_TEST

START_TEST(a_file_that_others_can_read_is_refused)
{
    static const mode_t loose[] = {0644, 0640, 0604, 0610, 0602, 0660, 0666, 0777};
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(loose); i++)
        assert_refused(-EPERM, loose[i], "hidden\n", 7);
    ck_assert_int_eq(read_bytes("secret", 0400, "x", 1, &secret, &err), 0);
    free_secret(secret);
}
END_TEST

START_TEST(a_file_that_is_not_one_line_of_text_is_refused)
{
    assert_refused(-EINVAL, 0600, "", 0);
    assert_refused(-EINVAL, 0600, "\n", 1);
    assert_refused(-EINVAL, 0600, "\r\n", 2);
    assert_refused(-EINVAL, 0600, "hidden\nhidden\n", 14);
    assert_refused(-EINVAL, 0600, "hidden\n\n", 8);
    assert_refused(-EINVAL, 0600, "hid\0den", 7);
    assert_refused(-EINVAL, 0600, "hid\rden", 7);
    assert_refused(-EINVAL, 0600, "hidden\x1b", 7);
    assert_refused(-EINVAL, 0600, "hidden\x7f", 7);
    assert_refused(-EINVAL, 0600,
                   "h\xef"
                   "dden",
                   6); /* ISO 8859-1 */
}
END_TEST

START_TEST(the_longest_secret_and_one_byte_more)
{
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;
    char bytes[SECRET_MAX_BYTES + 100];

    memset(bytes, 'x', sizeof(bytes));
    ck_assert_int_eq(read_bytes("longest", 0600, bytes, SECRET_MAX_BYTES, &secret, &err), 0);
    ck_assert_uint_eq(strlen(secret), SECRET_MAX_BYTES);
    free_secret(secret);
    assert_refused(-EINVAL, 0600, bytes, SECRET_MAX_BYTES + 1);
    assert_refused(-EINVAL, 0600, bytes, sizeof(bytes));
    memcpy(bytes + SECRET_MAX_BYTES, "\r\n", 2);
    ck_assert_int_eq(read_bytes("longest", 0600, bytes, SECRET_MAX_BYTES + 2, &secret, &err), 0);
    ck_assert_uint_eq(strlen(secret), SECRET_MAX_BYTES);
    free_secret(secret);
    memcpy(bytes + SECRET_MAX_BYTES, "x\n", 2);
    assert_refused(-EINVAL, 0600, bytes, SECRET_MAX_BYTES + 2);
    memcpy(bytes, "\xef\xbb\xbf", 3); /* a byte order mark, which does not count */
    memcpy(bytes + SECRET_MAX_BYTES, "xxx\r\n", 5);
    ck_assert_int_eq(read_bytes("longest", 0600, bytes, SECRET_MAX_BYTES + 5, &secret, &err), 0);
    ck_assert_uint_eq(strlen(secret), SECRET_MAX_BYTES);
    free_secret(secret);
    memcpy(bytes + SECRET_MAX_BYTES, "xxxx\r\n", 6);
    assert_refused(-EINVAL, 0600, bytes, SECRET_MAX_BYTES + 6);
}
END_TEST

/* Too long, though the bytes that are looked at first end in a line end. */
START_TEST(bytes_after_the_longest_secret_are_noticed)
{
    char bytes[SECRET_MAX_BYTES + 100];

    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes + SECRET_MAX_BYTES, "\n", 1);
    assert_refused(-EINVAL, 0600, bytes, sizeof(bytes));
    memcpy(bytes + SECRET_MAX_BYTES, "\r\n", 2);
    assert_refused(-EINVAL, 0600, bytes, sizeof(bytes));
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;
    char path[200];

    snprintf(path, sizeof(path), "%s/no-such-file", unit_directory());
    ck_assert_int_eq(secret_read(path, &secret, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_ptr_null(secret);
    ck_assert_int_eq(secret_read(path, &secret, NULL), -ENOENT);
    ck_assert_int_lt(secret_read(unit_directory(), &secret, &err), 0);
}
END_TEST

/* systemd protects its credentials itself: their permissions are not looked at. */
START_TEST(a_name_without_a_slash_is_a_credential)
{
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;

    unit_file(0, "password", 0444, "from systemd\n", 13);
    setenv("CREDENTIALS_DIRECTORY", unit_directory(), 1);
    ck_assert_msg(secret_read("password", &secret, &err) == 0, "%s", err.message);
    ck_assert_str_eq(secret, "from systemd");
    free_secret(secret);
    ck_assert_int_eq(secret_read("tb_the-key-itself", &secret, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, "LoadCredential"));
    ck_assert_ptr_null(strstr(err.message, "tb_the"));
    ck_assert_int_eq(read_bytes("with-slash", 0644, "x", 1, &secret, &err), -EPERM);
}
END_TEST

START_TEST(a_credential_needs_its_directory)
{
    struct tb_error err = TB_ERROR_INIT;
    char *secret = NULL;
    char path[200];

    ck_assert_int_eq(secret_read("password", &secret, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.message, "LoadCredential"));
    snprintf(path, sizeof(path), "%s/no-such-directory", unit_directory());
    setenv("CREDENTIALS_DIRECTORY", path, 1);
    ck_assert_int_eq(secret_read("password", &secret, &err), -ENOENT);
    ck_assert_ptr_null(secret);
}
END_TEST

UNIT_SUITE(secret)
{
    TCase *tests;
    Suite *suite = unit_suite_create("secret", &tests);

    tcase_add_checked_fixture(tests, tear_down, tear_down);
    tcase_add_test(tests, a_line_end_is_not_part_of_the_secret);
    tcase_add_test(tests, a_byte_order_mark_is_skipped);
    tcase_add_test(tests, a_file_that_others_can_read_is_refused);
    tcase_add_test(tests, a_file_that_is_not_one_line_of_text_is_refused);
    tcase_add_test(tests, the_longest_secret_and_one_byte_more);
    tcase_add_test(tests, bytes_after_the_longest_secret_are_noticed);
    tcase_add_test(tests, a_missing_file_is_named);
    tcase_add_test(tests, a_name_without_a_slash_is_a_credential);
    tcase_add_test(tests, a_credential_needs_its_directory);
    return suite;
}
