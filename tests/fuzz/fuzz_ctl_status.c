/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever answers in tbproxyd's place, no subcommand of tbproxyctl that shows its state controls the
 * terminal. */
#include <stdio.h>

#include "base/utf8.h"
#include "base/util.h"
#include "ctl/arguments.h"
#include "ctl/daemon_page.h"
#include "ctl/daemon_stream.h"
#include "ctl/subcommand.h"
#include "fuzz.h"

int __wrap_daemon_page_get(const struct connection_options *options, const char *path, long *ret_status,
                           json_t **ret, struct tb_error *err);
int __wrap_daemon_stream(const struct connection_options *options, const char *path,
                         const struct daemon_stream *stream, struct tb_error *err);

static json_t *answer;
static long answer_status;

/* ---- in place of the connection ---- */

int __wrap_daemon_page_get(const struct connection_options *options, const char *path, long *ret_status,
                           json_t **ret, struct tb_error *err)
{
    (void)options, (void)path, (void)err;
    *ret_status = answer_status;
    *ret = json_incref(answer);
    return 0;
}

int __wrap_daemon_stream(const struct connection_options *options, const char *path,
                         const struct daemon_stream *stream, struct tb_error *err)
{
    (void)options, (void)path, (void)err;
    if (json_is_object(answer))
        stream->event(stream->context, "request", answer);
    return 0;
}

/* ---- */

static void check_text(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++)
        must(text[i] == '\n' || utf8_control_length(text + i) == 0);
}

static void run(const struct subcommand *subcommand, bool json)
{
    FILE *own_stdout = stdout, *own_stderr = stderr;
    char *out = NULL, *errors = NULL;
    size_t out_length, errors_length;
    struct arguments arguments = {.json = json};

    stdout = open_memstream(&out, &out_length);
    stderr = open_memstream(&errors, &errors_length);
    must(stdout && stderr);
    subcommand->run(&arguments);
    fclose(stdout);
    fclose(stderr);
    stdout = own_stdout;
    stderr = own_stderr;
    check_text(out, out_length);
    check_text(errors, errors_length);
    free(out);
    free(errors);
}

/* The input: one byte for subcommand and status, then the answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct subcommand *const shown[] = {
        &status_subcommand, &limits_subcommand, &queue_subcommand, &clients_subcommand, &trace_subcommand};

    if (size < 1)
        return 0;
    answer = json_loadb((const char *)data + 1, size - 1, JSON_ALLOW_NUL, NULL);
    answer_status = data[0] & 128 ? 503 : 200;
    run(shown[data[0] % ARRAY_SIZE(shown)], data[0] & 64);
    json_decref(answer);
    return 0;
}
