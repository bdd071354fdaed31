/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/hash.h"
#include "base/util.h"
#include "unit.h"

/* Test vectors of the authors of FNV. */
static const struct {
    const char *text;
    uint64_t hash;
} vectors[] = {
    {"", 0xcbf29ce484222325},
    {"a", 0xaf63dc4c8601ec8c},
    {"b", 0xaf63df4c8601f1a5},
    {"foobar", 0x85944171f73967e8},
};

START_TEST(the_hash_is_fnv_1a)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++)
        ck_assert_uint_eq(hash_bytes(vectors[i].text, strlen(vectors[i].text)), vectors[i].hash);
}
END_TEST

UNIT_SUITE(hash)
{
    TCase *tests;
    Suite *suite = unit_suite_create("hash", &tests);

    tcase_add_test(tests, the_hash_is_fnv_1a);
    return suite;
}
