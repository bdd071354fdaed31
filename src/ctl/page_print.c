/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/page_print.h"

#include <errno.h>

#include <tbclient/value.h>

#include "ctl/json_print.h"
#include "json/json_read.h"
#include "json/json_text.h"

static void free_json(json_t **value)
{
    json_decref(*value);
}

static bool is_data(const char *name, const char *end)
{
    CLEANUP(free_json) json_t *decoded = json_read(name, (size_t)(end - name), 0, NULL);

    return tb_is(json_string_value(decoded), "data");
}

/* Where the value of the last "data" begins: the one that json_read() keeps. */
static const char *find_data(const char *text, const char *end)
{
    const char *at = json_text_skip_blanks(text, end), *found = NULL;

    do {
        const char *name = json_text_skip_blanks(at + 1, end);
        const char *name_end = json_text_value_end(name, end);
        const char *value = json_text_skip_blanks(json_text_skip_blanks(name_end, end) + 1, end);

        if (is_data(name, name_end))
            found = value;
        at = json_text_skip_blanks(json_text_value_end(value, end), end);
    } while (*at == ',');
    return found;
}

/* The COUNT elements, at least one, of the array at AT. */
static void print_elements(FILE *file, const char *at, const char *end, size_t count, bool compact,
                           bool *first)
{
    for (; count > 0; count--) {
        const char *element = json_text_skip_blanks(at + 1, end);
        const char *element_end = json_text_value_end(element, end);

        fputs(*first ? "[" : ",", file);
        fputs(compact ? "" : "\n  ", file);
        json_print(file, element, element_end, compact, 1);
        *first = false;
        at = json_text_skip_blanks(element_end, end); /* a comma, or the end */
    }
}

int page_print(FILE *file, const struct buf *text, bool compact, bool *first, bool *more,
               struct tb_error *err)
{
    CLEANUP(free_json) json_t *page = json_read(text->data, text->len, 0, NULL);
    const json_t *data = json_object_get(page, "data");
    size_t count = json_array_size(data);
    const char *end = text->data + text->len;

    *more = json_is_true(json_object_get(page, "hasNext"));
    if (!json_is_array(data) || (*more && count == 0))
        return tb_error_set(err, -EBADMSG,
                            "the server's answer is not a page: data or hasNext is missing or invalid");
    if (count > 0)
        print_elements(file, find_data(text->data, end), end, count, compact, first);
    return 0;
}
