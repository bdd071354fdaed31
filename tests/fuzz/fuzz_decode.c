/* SPDX-License-Identifier: Apache-2.0 */
/* What was decoded and can be encoded is decoded again, and then encoded to equal JSON. It has the same
 * numbers as the first text, character by character. */
#include <stdint.h>
#include <stdlib.h>

#include <tbclient/codec.h>

#include "sample_api.h"
#include "json/json_read.h"
#include "json/json_write.h"
#include "json/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The encoded text, or NULL where TEXT is refused. */
static char *pass(unsigned type, const char *text, size_t length, size_t *ret_length)
{
    tb_error err = TB_ERROR_INIT;
    char *encoded = NULL;
    void *value;

    if (tb_decode(&sample_api, type, text, length, &value, &err) == 0) {
        if (tb_encode(&sample_api, type, value, &encoded, ret_length, &err) < 0 && err.kind != TB_ERROR_USAGE)
            abort();
        tb_free(value);
    } else if (err.kind != TB_ERROR_DECODE || err.body_length != length) {
        abort();
    }
    tb_error_clear(&err);
    return encoded;
}

#define NUMBERS_MAX 10000

struct numbers {
    char *texts[NUMBERS_MAX];
    size_t count;
};

static void collect(const json_t *value, struct numbers *numbers)
{
    struct buf text = BUF_INIT(1 << 22);
    const char *name;
    json_t *item;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)value, name, item) collect(item, numbers);
    json_array_foreach(value, i, item) collect(item, numbers);
    if (!number_is(value) || numbers->count == NUMBERS_MAX)
        return;
    if (json_write(&text, value) < 0)
        abort();
    numbers->texts[numbers->count++] = text.data;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether both texts have the same numbers, in whatever order. */
static bool has_same_numbers(const char *text, size_t length, const char *other, size_t other_length)
{
    json_t *values[] = {json_read(text, length, JSON_READ_EXACT, NULL),
                        json_read(other, other_length, JSON_READ_EXACT, NULL)};
    static struct numbers numbers[2];
    bool same;
    size_t i, j;

    for (i = 0; i < 2; i++) {
        numbers[i].count = 0;
        collect(values[i], &numbers[i]);
        qsort(numbers[i].texts, numbers[i].count, sizeof(char *), compare);
    }
    same = numbers[0].count == numbers[1].count;
    for (j = 0; same && j < numbers[0].count; j++)
        same = strcmp(numbers[0].texts[j], numbers[1].texts[j]) == 0;
    for (i = 0; i < 2; i++) {
        while (numbers[i].count > 0)
            free(numbers[i].texts[--numbers[i].count]);
        json_decref(values[i]);
    }
    return same;
}

static bool is_equal(const char *text, size_t length, const char *other, size_t other_length)
{
    json_t *a = json_read(text, length, JSON_READ_EXACT, NULL);
    json_t *b = json_read(other, other_length, JSON_READ_EXACT, NULL);
    bool equal = a && b && json_equal(a, b);

    json_decref(a);
    json_decref(b);
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned types[] = {SAMPLE_ALL, SAMPLE_ORDER,   SAMPLE_PET,
                                     SAMPLE_DOG, SAMPLE_PET_MAP, SAMPLE_ALL_LIST};
    size_t length = 0, again_length = 0, i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char *encoded = pass(types[i], (const char *)data, size, &length);
        char *again = encoded ? pass(types[i], encoded, length, &again_length) : NULL;

        if (encoded && (!again || !is_equal(encoded, length, again, again_length) ||
                        !has_same_numbers((const char *)data, size, encoded, length)))
            abort();
        free(encoded);
        free(again);
    }
    return 0;
}
