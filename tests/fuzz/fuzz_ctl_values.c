/* SPDX-License-Identifier: Apache-2.0 */
/* tbproxyctl: what --set puts into a body, --field finds there; and no JSON that is printed controls the
 * terminal. */
#include <stdio.h>

#include "base/utf8.h"
#include "ctl/body_set.h"
#include "ctl/dotted_path.h"
#include "ctl/editions.h"
#include "ctl/field.h"
#include "ctl/json_print.h"
#include "fuzz.h"
#include "json/json_read.h"
#include "json/json_write.h"

#define OUT_MAX (1 << 24)

static void check_printed(const char *text, size_t length, bool compact)
{
    size_t printed_length, i;
    char *printed = NULL;
    FILE *file = open_memstream(&printed, &printed_length);
    json_t *value, *same;

    json_print(file, text, text + length, compact, 0);
    must(fclose(file) == 0);
    for (i = 0; i < printed_length; i++)
        must((printed[i] == '\n' && !compact) || utf8_control_length(printed + i) == 0);
    value = json_loadb(text, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    same = json_loadb(printed, printed_length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    must(!value == !same && (!value || json_equal(value, same)));
    json_decref(value);
    json_decref(same);
    free(printed);
}

/* An empty path is invalid, and names no part. */
static void check_found(const json_t *body, const char *path)
{
    struct buf text = BUF_INIT(OUT_MAX);
    struct tb_error err = TB_ERROR_INIT;
    struct json_part found;

    must(json_write(&text, body) == 0);
    must(field_find((struct json_part){text.data, text.len}, path, &found, &err) == 0);
    must(found.text >= text.data && found.text + found.length <= text.data + text.len);
    check_printed(found.text, found.length, true);
    check_printed(text.data, text.len, false);
    buf_free(&text);
}

static void set(json_t **body, const char *path, const char *text)
{
    const tb_api *api = editions[edition_find("pe")].api;
    struct tb_error err = TB_ERROR_INIT;

    if (body_set(api, BODY_TYPE_ANY, body, path, text, &err) == 0) {
        must(dotted_is_valid(path));
        check_found(*body, path);
    } else {
        must(*err.message);
    }
    tb_error_clear(&err);
}

/* A path in what the server sends: found within it, or not at all. */
static void find(const char *text, const char *path)
{
    json_t *value = json_read(text, strlen(text), 0, NULL);
    struct tb_error err = TB_ERROR_INIT;
    struct json_part found;

    if (value) {
        check_printed(text, strlen(text), false);
        if (field_find(json_text_value(text, strlen(text)), path, &found, &err) == 0)
            check_printed(found.text, found.length, true);
    }
    json_decref(value);
    tb_error_clear(&err);
}

/* The input: lines PATH=VALUE. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text("", data, size), *rest = text, *path;
    json_t *body = NULL;

    while ((path = strsep(&rest, "\n"))) {
        char *value = strchr(path, '=');

        if (!value)
            continue;
        *value++ = '\0';
        find(value, path);
        set(&body, path, value);
    }
    json_decref(body);
    free(text);
    return 0;
}
