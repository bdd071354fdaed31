/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/buf.h"
#include "client/error.h"
#include "client/invoke.h"
#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/call_body.h"
#include "ctl/daemon_page.h"
#include "ctl/json_print.h"
#include "ctl/message.h"
#include "ctl/output.h"
#include "ctl/page_print.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"
#include "json/json_read.h"

#define PAGE_SIZE_DEFAULT 100 /* of --all */

struct call {
    const struct arguments *arguments;
    unsigned edition;
    const tb_api *api;
    const tb_operation *operation;
    json_t *parameters;
    json_t *body;
    tb_client *client;
    struct output output;
};

static int unknown_operation(const char *id, struct tb_error *err)
{
    struct nearest nearest = nearest_to(id);
    char hint[NAME_MAX_BYTES + 32];
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++)
        for (i = 0; i < editions[e].api->operation_count; i++)
            nearest_try(&nearest, table_text(editions[e].api, editions[e].api->operations[i].id));
    return tb_error_set(err, -EINVAL, "unknown operation %s%s", id,
                        nearest_hint(&nearest, "", hint, sizeof(hint)));
}

/* The edition whose tables are used: the given one, the server's as tbproxyd says, or the first that has the
 * operation. */
static int choose_edition(struct call *call, struct tb_error *err)
{
    const char *id = call->arguments->operation;
    unsigned first = edition_with_operation(id, 0, EDITION_NONE);
    unsigned known = call->arguments->edition;

    if (first == EDITION_NONE)
        return unknown_operation(id, err);
    if (known == EDITION_NONE && !connection_is_direct(&call->arguments->connection))
        known = daemon_edition(&call->arguments->connection);
    call->edition = known == EDITION_NONE ? first : known;
    call->api = editions[call->edition].api;
    call->operation = tb_operation_find(call->api, id);
    if (!call->operation)
        return tb_error_set(err, -EINVAL, "%s is not in %s; it is in %s (--edition %s)", id,
                            editions[call->edition].title, editions[first].title, editions[first].name);
    return 0;
}

/* --all begins with the first page unless told otherwise. */
static int add_pages(struct call *call, struct tb_error *err)
{
    if (!call->arguments->all)
        return 0;
    if (!(call->operation->flags & TB_PAGED))
        return tb_error_set(err, -EINVAL, "--all: %s is not paged", call->arguments->operation);
    if (!json_object_get(call->parameters, "page"))
        json_object_set_new(call->parameters, "page", json_integer(0));
    if (!json_object_get(call->parameters, "pageSize"))
        json_object_set_new(call->parameters, "pageSize", json_integer(PAGE_SIZE_DEFAULT));
    return 0;
}

static int add_parameters(struct call *call, struct tb_error *err)
{
    size_t i;
    int r;

    for (i = 0; i < call->arguments->count; i++) {
        const struct argument *argument = &call->arguments->list[i];
        const struct tb_parameter *parameter;

        if (argument->is_part)
            continue;
        parameter = parameter_find(call->api, call->operation, argument->name);
        if (!parameter)
            return tb_error_set(err, -EINVAL, "%s has no parameter --%s in %s", call->arguments->operation,
                                argument->name, editions[call->edition].title);
        r = parameter_add(call->api, parameter, argument->value, call->parameters, err);
        if (r < 0)
            return r;
    }
    return add_pages(call, err);
}

/* Names all that is missing at once. */
static int check_required(const struct call *call, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf missing = BUF_INIT(TB_ERROR_MESSAGE_MAX);
    unsigned i;

    for (i = 0; i < call->operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &call->api->parameters[call->operation->first_parameter + i];
        const char *name = table_text(call->api, parameter->name);
        char option[NAME_MAX_BYTES];

        if ((parameter->flags & TB_REQUIRED) && !json_object_get(call->parameters, name))
            buf_append_format(&missing, "%s--%s", missing.len ? ", " : "", kebab_case(name, option));
    }
    if (missing.len > 0)
        return tb_error_set(err, -EINVAL, "%s requires %s", call->arguments->operation, missing.data);
    if ((call->operation->flags & TB_BODY_REQUIRED) && !call->body)
        return tb_error_set(err, -EINVAL, "%s requires %s", call->arguments->operation,
                            call->operation->body == TB_BODY_MULTIPART ? "--part" : "--body");
    return 0;
}

static int prepare(struct call *call, struct tb_error *err)
{
    int r = choose_edition(call, err);

    if (r == 0 && !(call->parameters = json_object()))
        r = tb_error_set(err, -ENOMEM, "out of memory");
    if (r == 0)
        r = add_parameters(call, err);
    if (r == 0)
        r = call_body_read(call->arguments, call->api, call->operation, &call->body, err);
    return r < 0 ? r : check_required(call, err);
}

static int write_bytes(void *context, const void *data, size_t length)
{
    struct call *call = context;

    return output_write(&call->output, data, length, call->operation->answer == TB_ANSWER_EVENTS);
}

static void free_json(json_t **value)
{
    json_decref(*value);
}

/* The answer TEXT as JSON; NULL if it is not JSON. */
static json_t *read_answer(const struct buf *text, struct tb_error *err)
{
    json_error_t reason;
    json_t *value = json_read(text->data, text->len, 0, &reason);

    if (!value)
        FAIL(err, TB_ERROR_DECODE, -EBADMSG, "the answer is not JSON: line %d, column %d: %s", reason.line,
             reason.column, reason.text);
    return value;
}

static void print_json(struct call *call, const struct buf *text)
{
    json_print(call->output.file, text->data, text->data + text->len, call->arguments->compact, 0);
    putc('\n', call->output.file);
}

/* Prints text and bytes as they came, and a JSON string that may be text without its quotes; other JSON is
 * formatted. */
static int print_answer(struct call *call, const struct buf *text, struct tb_error *err)
{
    bool may_be_text = call->operation->answer != TB_ANSWER_JSON;
    CLEANUP(free_json) json_t *value = read_answer(text, err);
    const char *string = json_string_value(value);
    int r = 0;

    if (!value && !may_be_text)
        return -EBADMSG;
    if (!value)
        r = output_write(&call->output, text->data, text->len, false);
    else if (may_be_text && string && !tb_verbatim(string))
        r = output_write(&call->output, string, json_string_length(value), false);
    else
        print_json(call, text);
    return r < 0 ? tb_error_set(err, r, "the answer is not text; write it to a file with --output") : 0;
}

static int call_once(struct call *call, struct buf *ret, struct tb_error *err)
{
    tb_sink sink = {.write = write_bytes, .context = call};
    bool streams = call->operation->answer == TB_ANSWER_BINARY || call->operation->answer == TB_ANSWER_EVENTS;
    int r = invoke_text(call->client, call->api, call->arguments->operation, call->parameters, call->body,
                        streams ? &sink : NULL, ret, err);

    if (r == -EPERM && streams && err->kind == TB_ERROR_SYSTEM && call->output.is_terminal)
        return tb_error_set(err, r, "the answer is not text; write it to a file with --output");
    return r;
}

static int call_page(struct call *call, bool *first, bool *more, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);
    int r = call_once(call, &text, err);

    return r < 0 ? r : page_print(call->output.file, &text, call->arguments->compact, first, more, err);
}

/* One page at a time is in memory. */
static int call_all(struct call *call, struct tb_error *err)
{
    json_int_t page = json_integer_value(json_object_get(call->parameters, "page"));
    bool first = true;
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        json_object_set_new(call->parameters, "page", json_integer(page++));
        r = call_page(call, &first, &more, err);
        if (r == 0 && fflush(call->output.file) != 0)
            return output_finish(&call->output, err);
    }
    if (r == 0)
        fputs(first ? "[]\n" : call->arguments->compact ? "]\n" : "\n]\n", call->output.file);
    return r;
}

static int perform(struct call *call, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf answer = BUF_INIT(SIZE_MAX / 2);
    int r = output_open(&call->output, call->arguments->output, err);

    if (r == 0)
        r = connection_open_client(&call->arguments->connection, &call->client, err);
    if (r < 0)
        return r;
    if (call->arguments->all)
        r = call_all(call, err);
    else
        r = call_once(call, &answer, err);
    if (r == 0 && answer.len > 0)
        r = print_answer(call, &answer, err);
    if (r == -EPIPE && !call->output.path)
        end_as_broken_pipe();
    return r < 0 ? r : output_finish(&call->output, err);
}

/* Most messages of the library begin with the operation's id. */
static const char *without_name(const char *message, const char *id)
{
    size_t length = strlen(id);

    return strncmp(message, id, length) == 0 && strncmp(message + length, ": ", 2) == 0 ? message + length + 2
                                                                                        : message;
}

static int report(const struct call *call, const struct tb_error *err)
{
    const char *id = call->arguments->operation;
    const char *message = without_name(err->message, id);

    if (err->kind == TB_ERROR_USAGE)
        return say_usage("call", "%s: %s", id, message);
    if (err->status && err->error_code)
        say("%s: %s (%d, errorCode %d): %s", id, tb_error_kind_name(err->kind), err->status, err->error_code,
            message);
    else if (err->status)
        say("%s: %s (%d): %s", id, tb_error_kind_name(err->kind), err->status, message);
    else if (err->kind != TB_ERROR_NONE)
        say("%s: %s: %s%s", id, tb_error_kind_name(err->kind), message,
            connection_hint(&call->arguments->connection, err));
    else
        say("%s: %s", id, message);
    return exit_status(err);
}

static int run(const struct arguments *arguments)
{
    struct call call = {.arguments = arguments};
    struct tb_error err = TB_ERROR_INIT;
    int status = STATUS_GOOD;

    if (prepare(&call, &err) < 0)
        status = say_usage("call", "%s", err.message);
    else if (perform(&call, &err) < 0)
        status = report(&call, &err);
    output_close(&call.output);
    tb_client_close(call.client);
    json_decref(call.parameters);
    json_decref(call.body);
    tb_error_clear(&err);
    return status;
}

static const char *const options[] = {
    "all",  "api-key-file",  "body",    "ca-file",    "compact",     "edition", "help",     "output",
    "part", "password-file", "timeout", "token-file", "unix-socket", "url",     "username", NULL,
};

const struct subcommand call_subcommand = {
    .name = "call",
    .summary = "call an operation of the REST API",
    .usage =
        "Usage: tbproxyctl call [OPTION]... OPERATION [--PARAMETER VALUE]... [OPTION]...\n"
        "Calls OPERATION, through tbproxyd or directly, and prints the answer.\n"
        "\n"
        "  --PARAMETER VALUE      set a parameter, e.g. --page-size or --pageSize; repeat it for a list\n"
        "  --body JSON            send JSON as the body; @FILE reads it from FILE, - from standard input\n"
        "  --part NAME=TEXT       send a part of a multipart body; NAME=@FILE sends FILE\n"
        "  --all                  print the elements of all pages as one array\n"
        "  --output FILE          write the answer to FILE instead of standard output\n"
        "  --compact              print JSON on one line\n"
        "\n"
        "  --url URL              URL of tbproxyd or a server (default: $TBPROXY_URL, or " URL_DEFAULT ")\n"
        "  --unix-socket PATH     connect to tbproxyd's Unix socket instead\n"
        "  --api-key-file FILE    call a server directly, with the API key in FILE\n"
        "  --username NAME --password-file FILE\n"
        "                         ... or with a username and the password in FILE\n"
        "  --token-file FILE      ... or with the access token in FILE\n"
        "  --ca-file FILE         trust the certificates in FILE instead of the system's\n"
        "  --edition EDITION      ce, pe or paas (default: tbproxyd's, or the first that has OPERATION)\n"
        "  --timeout SECONDS      time limit for each attempt (default: 60)\n"
        "\n"
        "If OPERATION has a parameter with the same name as an option, give the option before OPERATION.\n"
        "Exit status: 0 on success, 2 for a wrong command line, 3 not found, 4 refused or unauthorized,\n"
        "5 rate limited, 6 for an error of the server, 7 if it is not reachable, 1 for any other failure.\n",
    .options = options,
    .max_words = 1,
    .takes_parameters = true,
    .run = run,
};
