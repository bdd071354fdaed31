/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/credential.h"
#include "unit.h"

START_TEST(it_is_one_header_line)
{
    struct credential *key = credential_new("ApiKey", "tb_123", 7, INT64_MAX);
    struct credential *token = credential_new("Bearer", "a.b.c", 8, 12345);

    ck_assert_str_eq(key->header, "X-Authorization: ApiKey tb_123");
    ck_assert_uint_eq(key->header_length, strlen(key->header));
    ck_assert_uint_eq(key->generation, 7);
    ck_assert_int_eq(key->expires_ms, INT64_MAX);
    ck_assert_str_eq(token->header, "X-Authorization: Bearer a.b.c");
    ck_assert_int_eq(token->expires_ms, 12345);
    credential_release(key);
    credential_release(token);
}
END_TEST

/* Freed too early or not at all is for the sanitizers and valgrind to see. */
START_TEST(it_lives_as_long_as_its_last_reference)
{
    struct credential *credential = credential_new("Bearer", "x", 1, 0);
    int i;

    for (i = 0; i < 10; i++)
        ck_assert_ptr_eq(credential_reference(credential), credential);
    ck_assert_uint_eq(credential->references, 11);
    for (i = 0; i < 10; i++) {
        credential_release(credential);
        ck_assert_str_eq(credential->header, "X-Authorization: Bearer x");
    }
    ck_assert_uint_eq(credential->references, 1);
    credential_release(credential);
    credential_release(NULL);
}
END_TEST

START_TEST(a_long_secret_fits)
{
    char secret[20000];
    struct credential *credential;

    memset(secret, 's', sizeof(secret));
    secret[sizeof(secret) - 1] = '\0';
    credential = credential_new("Bearer", secret, 1, 0);
    ck_assert_uint_eq(credential->header_length, strlen("X-Authorization: Bearer ") + strlen(secret));
    ck_assert_str_eq(strrchr(credential->header, ' ') + 1, secret);
    credential_release(credential);
}
END_TEST

UNIT_SUITE(credential)
{
    TCase *tests;
    Suite *suite = unit_suite_create("credential", &tests);

    tcase_add_test(tests, it_is_one_header_line);
    tcase_add_test(tests, it_lives_as_long_as_its_last_reference);
    tcase_add_test(tests, a_long_secret_fits);
    return suite;
}
