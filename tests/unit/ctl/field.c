/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/field.h"

#include <errno.h>

#include "base/util.h"
#include "unit.h"

static const char text[] = " {\"a\": {\"b\": 1.10 }, \"list\":[ 1, {\"x\":\"y\"}, [] ],\"a.b\":2,"
                           "\"\\u00e4\":3,\"twice\":1, \"twice\":9007199254740993, \"n\": null} ";

static const struct {
    const char *path;
    const char *value; /* NULL: not found */
} rows[] = {
    {"a.b", "1.10"},
    {"a", "{\"b\": 1.10 }"},
    {"list.1.x", "\"y\""},
    {"list.2", "[]"},
    {"a\\.b", "2"},
    {"\xc3\xa4", "3"},
    {"twice", "9007199254740993"},
    {"n", "null"},
    {"b", NULL},
    {"a.b.c", NULL},
    {"list.3", NULL},
    {"list.2.0", NULL},
    {"list.x", NULL},
    {"list.1.0", NULL},
    {"n.x", NULL},
    {"A", NULL},
};

START_TEST(values_are_found_byte_for_byte)
{
    struct json_part value = json_text_value(text, strlen(text)), found;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tb_error err = TB_ERROR_INIT;
        int r = field_find(value, rows[i].path, &found, &err);

        ck_assert_int_eq(r, rows[i].value ? 0 : -ENOENT);
        if (!rows[i].value) {
            ck_assert_int_eq(err.kind, TB_ERROR_NOT_FOUND);
            continue;
        }
        ck_assert_uint_eq(found.length, strlen(rows[i].value));
        ck_assert_mem_eq(found.text, rows[i].value, found.length);
    }
}
END_TEST

UNIT_SUITE(field)
{
    TCase *tcase;
    Suite *suite = unit_suite_create("field", &tcase);

    tcase_add_test(tcase, values_are_found_byte_for_byte);
    return suite;
}
