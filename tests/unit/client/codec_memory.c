/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of a decode and an encode fails in turn: jansson's through its hook, the library's through
 * the linker (--wrap=malloc, --wrap=realloc). */
#include <errno.h>
#include <stdlib.h>

#include <tbclient/codec.h>

#include "sample_api.h"
#include "unit.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static long countdown = -1; /* allocations until one fails; negative: none does */

static bool fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static void *jansson_malloc(size_t size)
{
    return __wrap_malloc(size);
}

/* No token is so long that jansson has to grow its buffer: if that fails, jansson reads beyond its end. */
static const char text[] = "{\"name\":\"abc\",\"new\":{\"a\":[1]},\"labels\":[\"a\",\"b\"],\"maps\":{\"m\":{"
                           "\"i\":1}},\"pets\":[{\"kind\":\"DOG\","
                           "\"friend\":{\"kind\":\"WHALE\",\"x\":null}}],\"bools\":[true],\"doubles\":[1.5],"
                           "\"longs\":[1],\"info\":{\"a\":[1.10,1E400],\"b\":-0},\"active\":null}";

/* Returns the number of allocations: that of the first run in which none fails. */
static long fail_each(int (*run)(tb_error *err))
{
    long n, others = 0;

    json_set_alloc_funcs(jansson_malloc, free);
    for (n = 0; n < 10000; n++) {
        tb_error err = TB_ERROR_INIT;
        int r;

        countdown = n;
        r = run(&err);
        if (countdown >= 0)
            break;
        countdown = -1;
        /* jansson reports a token without memory as an invalid one, and a failed dump has no
         * reason */
        ck_assert_msg(r == -ENOMEM || strstr(err.message, "out of memory") ||
                          strstr(err.message, "not JSON: "),
                      "allocation %ld: %d, %s", n, r, err.message);
        ck_assert(r < 0 && (r != -ENOMEM || err.kind == TB_ERROR_SYSTEM));
        others += r != -ENOMEM;
        tb_error_clear(&err);
    }
    countdown = -1;
    json_set_alloc_funcs(malloc, free);
    ck_assert_int_lt(others, n / 2);
    return n;
}

static int decode(tb_error *err)
{
    void *value;
    int r = tb_decode(&sample_api, SAMPLE_ALL, text, strlen(text), &value, err);

    if (r == 0)
        tb_free(value);
    return r;
}

static void *decoded;

static int encode(tb_error *err)
{
    char *encoded;
    int r = tb_encode(&sample_api, SAMPLE_ALL, decoded, &encoded, NULL, err);

    if (r == 0)
        free(encoded);
    return r;
}

START_TEST(each_allocation_of_a_decode_fails)
{
    ck_assert_int_gt(fail_each(decode), 30);
}
END_TEST

START_TEST(each_allocation_of_an_encode_fails)
{
    ck_assert_int_eq(tb_decode(&sample_api, SAMPLE_ALL, text, strlen(text), &decoded, NULL), 0);
    ck_assert_int_gt(fail_each(encode), 30);
    tb_free(decoded);
}
END_TEST

/* If there is no memory for the text that does not fit, the error has only the reason. */
START_TEST(an_error_without_its_text)
{
    tb_error err = TB_ERROR_INIT;
    void *value;
    int i;

    for (i = 0; i < 100 && !err.body; i++) {
        tb_error_clear(&err);
        countdown = i;
        tb_decode(&sample_api, SAMPLE_ALL, "{\"name\":1}", 10, &value, &err);
        countdown = -1;
        ck_assert(err.kind == TB_ERROR_SYSTEM || err.kind == TB_ERROR_DECODE);
    }
    ck_assert_str_eq(err.body, "{\"name\":1}");
    tb_error_clear(&err);
}
END_TEST

UNIT_SUITE(codec_memory)
{
    TCase *tests;
    Suite *suite = unit_suite_create("codec_memory", &tests);

    tcase_add_test(tests, each_allocation_of_a_decode_fails);
    tcase_add_test(tests, each_allocation_of_an_encode_fails);
    tcase_add_test(tests, an_error_without_its_text);
    return suite;
}
