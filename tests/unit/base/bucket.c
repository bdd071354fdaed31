/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bucket.h"

#include "unit.h"

#define NOW_MS INT64_C(1000000)

static int64_t ready_ms(const struct bucket *bucket, int64_t now_ms)
{
    return bucket_ready_ms(bucket, now_ms, 4, 3);
}

START_TEST(it_holds_so_many_tokens)
{
    struct bucket bucket = {0};
    int i;

    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(ready_ms(&bucket, NOW_MS), NOW_MS);
        bucket_take(&bucket, NOW_MS, 3);
    }
    ck_assert_int_eq(ready_ms(&bucket, NOW_MS), NOW_MS + 334);
    ck_assert_int_eq(ready_ms(&bucket, NOW_MS + 333), NOW_MS + 334);
    ck_assert_int_eq(ready_ms(&bucket, NOW_MS + 334), NOW_MS + 334);
    bucket_take(&bucket, NOW_MS + 334, 3);
    ck_assert_int_eq(ready_ms(&bucket, NOW_MS + 334), NOW_MS + 667);
}
END_TEST

START_TEST(it_is_full_when_all_have_come_back)
{
    struct bucket bucket = {0};

    ck_assert(bucket_is_full(&bucket, 0));
    bucket_take(&bucket, NOW_MS, 2);
    ck_assert(!bucket_is_full(&bucket, NOW_MS + 499));
    ck_assert(bucket_is_full(&bucket, NOW_MS + 500));
    bucket_take(&bucket, NOW_MS + 60000, 2); /* no more than full */
    ck_assert(bucket_is_full(&bucket, NOW_MS + 60500));
    ck_assert(!bucket_is_full(&bucket, NOW_MS + 60499));
}
END_TEST

UNIT_SUITE(bucket)
{
    TCase *tests;
    Suite *suite = unit_suite_create("bucket", &tests);

    tcase_add_test(tests, it_holds_so_many_tokens);
    tcase_add_test(tests, it_is_full_when_all_have_come_back);
    return suite;
}
