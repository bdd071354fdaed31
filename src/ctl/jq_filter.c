/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/jq_filter.h"

#include <errno.h>
#include <jq.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "client/error.h"
#include "ctl/json_print.h"
#include "ctl/message.h"
#include "json/json_read.h"
#include "json/number.h"

/* Shared with the child. */
struct filter {
    const char *expression;
    struct json_part value;
    bool each;
    bool compact;
    struct output *output; /* NULL: the expression is only compiled */
    tb_error error;        /* the child's */
};

/* ---- in the child ---- */

/* Keeps the first message. */
static void take_message(void *context, jv message)
{
    struct filter *filter = context;
    jv text = jv_get_kind(message) == JV_KIND_STRING ? jv_copy(message) : jv_dump_string(jv_copy(message), 0);
    const char *words = jv_string_value(text);

    if (strncmp(words, "jq: ", 4) == 0)
        words += 4;
    if (strncmp(words, "error: ", 7) == 0)
        words += 7;
    if (filter->error.code == 0)
        tb_error_set(&filter->error, -EINVAL, "--jq: %.*s", (int)strcspn(words, "\n"), words);
    jv_free(text);
    jv_free(message);
}

static void print_json(struct filter *filter, jv value)
{
    jv text = jv_dump_string(value, 0);
    const char *begin = jv_string_value(text);

    json_print(filter->output->file, begin, begin + jv_string_length_bytes(jv_copy(text)), filter->compact,
               0);
    jv_free(text);
}

/* There is no input but the answer. */
static jv no_input(jq_state *jq, void *context)
{
    (void)jq;
    (void)context;
    return jv_invalid();
}

/* What the expression's "debug" says. */
static void print_debug(void *context, jv message)
{
    jv text = jv_dump_string(message, 0);

    (void)context;
    say("--jq: debug: %s", jv_string_value(text));
    jv_free(text);
}

/* Prints a result, which it frees. */
static void print_result(struct filter *filter, jv result)
{
    int r = 0;

    if (jv_get_kind(result) == JV_KIND_STRING) {
        r = output_write(filter->output, jv_string_value(result),
                         (size_t)jv_string_length_bytes(jv_copy(result)), false);
        jv_free(result);
    } else {
        print_json(filter, result);
    }
    if (r == 0)
        r = output_write(filter->output, "\n", 1, false);
    if (r < 0)
        output_failed(filter->output, r, &filter->error);
}

static void run_expression(jq_state *jq, struct filter *filter, struct json_part input)
{
    jv value = input.length > INT_MAX ? jv_invalid_with_msg(jv_string("the answer is too large"))
                                      : jv_parse_sized(input.text, (int)input.length);
    jv result;

    if (!jv_is_valid(value)) {
        take_message(filter, jv_invalid_get_msg(value));
        return;
    }
    jq_start(jq, value, 0);
    while (filter->error.code == 0 && jv_is_valid(result = jq_next(jq)))
        print_result(filter, result);
    if (filter->error.code < 0)
        return;
    if (jq_halted(jq) && jv_is_valid(jq_get_error_message(jq)))
        take_message(filter, jq_get_error_message(jq));
    else if (jv_invalid_has_msg(jv_copy(result)))
        take_message(filter, jv_invalid_get_msg(result));
}

static void run_each(jq_state *jq, struct filter *filter)
{
    const char *at = filter->value.text, *end = at + filter->value.length;
    struct json_part element;

    while (filter->error.code == 0 && json_text_next_element(&at, end, &element))
        run_expression(jq, filter, element);
}

static void run_child(struct filter *filter)
{
    jq_state *jq = jq_init();

    if (!jq) {
        FAIL_MEMORY(&filter->error);
        return;
    }
    jq_set_error_cb(jq, take_message, filter);
    /* Without these, "input", "debug" and "import" crash. */
    jq_set_input_cb(jq, no_input, NULL);
    jq_set_debug_cb(jq, print_debug, NULL);
    jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
    jq_set_attr(jq, jv_string("JQ_ORIGIN"), jv_string("."));
    jq_set_attr(jq, jv_string("PROGRAM_ORIGIN"), jv_string("."));
    if (!jq_compile(jq, filter->expression)) {
        filter->error.kind = TB_ERROR_USAGE;
        if (filter->error.code == 0)
            tb_error_set(&filter->error, -EINVAL, "--jq: not an expression");
    } else if (filter->output && filter->each) {
        run_each(jq, filter);
    } else if (filter->output) {
        run_expression(jq, filter, filter->value);
    }
    if (filter->output && fflush(filter->output->file) != 0)
        output_failed(filter->output, -errno, &filter->error);
}

/* ---- in the parent ---- */

static int wait_for(pid_t child, const struct filter *filter, struct tb_error *err)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return tb_error_set(err, -errno, "--jq: %s", strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return tb_error_set(err, -EFAULT,
                            "--jq: jq has crashed; perhaps a value is nested too deeply, or memory is short");
    if (filter->error.code == 0)
        return 0;
    *err = filter->error;
    return err->code;
}

static int run(const struct filter *wanted, struct tb_error *err)
{
    struct filter *filter =
        mmap(NULL, sizeof(*filter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;
    int r;

    if (filter == MAP_FAILED)
        return FAIL_MEMORY(err);
    *filter = *wanted;
    if (filter->output)
        fflush(filter->output->file); /* the child would write it again */
    child = fork();
    if (child == 0) {
        run_child(filter);
        _exit(0);
    }
    r = child < 0 ? tb_error_set(err, -errno, "--jq: %s", strerror(errno)) : wait_for(child, filter, err);
    munmap(filter, sizeof(*filter));
    return r;
}

int jq_check(const char *expression, struct tb_error *err)
{
    return run(&(struct filter){.expression = expression}, err);
}

/* Whether a double cannot hold a number in VALUE. */
static bool loses_digits(const json_t *value)
{
    const json_t *item;
    const char *name;
    size_t i;

    if (json_is_integer(value))
        return (long double)json_integer_value(value) != (long double)(double)json_integer_value(value);
    if (!json_is_array(value) && !json_is_object(value))
        return number_is(value) && json_is_string(value) && strpbrk(json_string_value(value), "123456789");
    json_array_foreach(value, i, item) if (loses_digits(item)) return true;
    json_object_foreach((json_t *)(uintptr_t)value, name, item) if (loses_digits(item)) return true;
    return false;
}

static void warn_of_lost_digits(struct json_part value)
{
    json_t *json = json_read(value.text, value.length, 0, NULL);

    if (loses_digits(json))
        say("--jq: warning: a number in the answer has more digits than jq keeps; --field prints all of them");
    json_decref(json);
}

int jq_print(const char *expression, struct json_part value, bool each, bool compact, struct output *output,
             struct tb_error *err)
{
    warn_of_lost_digits(value);
    return run(
        &(struct filter){
            .expression = expression, .value = value, .each = each, .compact = compact, .output = output},
        err);
}
