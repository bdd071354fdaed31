/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include <tbclient/codec.h>

#include "base/buf.h"
#include "client/decode.h"
#include "client/encode.h"
#include "client/error.h"
#include "client/tables.h"
#include "json/json_read.h"
#include "json/json_write.h"

/* Of an encoded text: the value is the program's own, not hostile. */
#define TEXT_MAX (SIZE_MAX / 2)

static int check_type(const tb_api *api, unsigned type, tb_error *err)
{
    unsigned kind = type < api->type_count ? api->types[type].kind : TB_KIND_NONE;

    if (kind == TB_KIND_OBJECT || kind == TB_KIND_LIST || kind == TB_KIND_MAP)
        return 0;
    return FAIL(err, TB_ERROR_USAGE, -EINVAL, "the type is not an object, list or map");
}

/* jansson often gives no reason at all if it is out of memory. */
static int parse_failed(const json_error_t *reason, tb_error *err)
{
    if (json_error_code(reason) == json_error_out_of_memory || !*reason->text)
        return FAIL_MEMORY(err);
    return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "not JSON: line %d, column %d: %s", reason->line,
                reason->column, reason->text);
}

static int decode_text(const tb_api *api, unsigned type, const char *text, size_t length, void **ret,
                       tb_error *err)
{
    json_error_t reason = {.line = -1}; /* jansson does not set the reason if there is no memory */
    json_t *root = json_read(text, length, JSON_READ_EXACT, &reason);

    if (!root)
        return parse_failed(&reason, err);
    if (json_is_null(root)) {
        json_decref(root);
        return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "a value was expected, not null");
    }
    return decode_value(api, type, root, ret, NULL, err);
}

/* Adds the text that did not fit, if there is memory for it. */
static void attach(tb_error *err, const char *text, size_t length)
{
    free(err->body);
    err->body_length = 0;
    err->body = length < SIZE_MAX ? malloc(length + 1) : NULL;
    if (!err->body)
        return;
    memcpy(err->body, text, length);
    err->body[length] = '\0';
    err->body_length = length;
}

int tb_decode(const tb_api *api, unsigned type, const char *text, size_t length, void **ret, tb_error *err)
{
    int r = check_type(api, type, err);

    if (r < 0)
        return r;
    r = decode_text(api, type, length > 0 ? text : "", length, ret, err);
    if (r < 0 && err && err->kind == TB_ERROR_DECODE)
        attach(err, length > 0 ? text : "", length);
    return r;
}

int tb_encode(const tb_api *api, unsigned type, const void *value, char **ret, size_t *ret_length,
              tb_error *err)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    json_t *json;
    int r = check_type(api, type, err);

    if (r == 0)
        r = encode_value(api, type, value, &json, err);
    if (r < 0)
        return r;
    r = json_write(&text, json);
    json_decref(json);
    if (r < 0) {
        buf_free(&text);
        /* jansson does not say which of them */
        return r != -EINVAL
                   ? FAIL_MEMORY(err)
                   : FAIL(err, TB_ERROR_USAGE, -EINVAL,
                          "out of memory, or free JSON that is not UTF-8, contains itself, or has no "
                          "JSON after TB_VERBATIM");
    }
    *ret = text.data;
    if (ret_length)
        *ret_length = text.len;
    return 0;
}
