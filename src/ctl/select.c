/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/select.h"

#include <errno.h>

#include "client/error.h"
#include "ctl/dotted_path.h"
#include "ctl/field.h"
#include "ctl/jq_filter.h"
#include "ctl/json_print.h"

bool select_is_given(const struct arguments *arguments)
{
    return arguments->field || arguments->jq;
}

int select_check(const struct arguments *arguments, struct tb_error *err)
{
    if (arguments->field && !dotted_is_valid(arguments->field))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "--field: expected names and indexes, such as data.0.name");
    return arguments->jq ? jq_check(arguments->jq, err) : 0;
}

/* Strings without quotes. Half of a surrogate pair is not text: such a string stays as it is. */
static int print_raw(const struct arguments *arguments, struct json_part value, struct output *output)
{
    CLEANUP(free_pointer) char *text = *value.text == '"' ? json_text_string(value) : NULL;
    int r = 0;

    if (text)
        r = output_write(output, text, strlen(text), false);
    else
        json_print(output->file, value.text, value.text + value.length, arguments->compact, 0);
    return r < 0 ? r : output_write(output, "\n", 1, false);
}

static int print_field(const struct arguments *arguments, struct json_part value, struct output *output,
                       struct tb_error *err)
{
    struct json_part found;
    int r = field_find(value, arguments->field, &found, err);

    if (r < 0)
        return r;
    r = print_raw(arguments, found, output);
    return r < 0 ? output_failed(output, r, err) : 0;
}

int select_print(const struct arguments *arguments, struct json_part value, struct output *output,
                 struct tb_error *err)
{
    if (arguments->field)
        return print_field(arguments, value, output, err);
    if (arguments->jq)
        return jq_print(arguments->jq, value, false, arguments->compact, output, err);
    json_print(output->file, value.text, value.text + value.length, arguments->compact, 0);
    putc('\n', output->file);
    return 0;
}

int select_print_each(const struct arguments *arguments, struct json_part array, struct output *output,
                      struct tb_error *err)
{
    const char *at = array.text, *end = array.text + array.length;
    struct json_part element;
    int r = 0;

    if (arguments->jq)
        return jq_print(arguments->jq, array, true, arguments->compact, output, err);
    while (r == 0 && json_text_next_element(&at, end, &element))
        r = print_field(arguments, element, output, err);
    return r;
}
