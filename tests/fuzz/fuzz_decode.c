/* SPDX-License-Identifier: Apache-2.0 */
/* What was decoded and can be encoded is decoded again, and then encoded to equal JSON. */
#include <stdint.h>
#include <stdlib.h>

#include <tbclient/codec.h>

#include "sample_api.h"

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

static bool is_equal(const char *text, size_t length, const char *other, size_t other_length)
{
    json_t *a = json_loadb(text, length, JSON_ALLOW_NUL, NULL);
    json_t *b = json_loadb(other, other_length, JSON_ALLOW_NUL, NULL);
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

        if (encoded && (!again || !is_equal(encoded, length, again, again_length)))
            abort();
        free(encoded);
        free(again);
    }
    return 0;
}
