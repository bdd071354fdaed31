/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "client/tables.h"
#include "ctl/call_body.h"
#include "ctl/daemon_page.h"
#include "ctl/entity_name.h"
#include "ctl/json_print.h"
#include "ctl/message.h"
#include "ctl/page.h"
#include "ctl/parameter.h"
#include "ctl/select.h"
#include "ctl/send.h"
#include "ctl/spelling.h"

#define PAGE_SIZE_DEFAULT 100 /* of --all */

/* What the command line says. */
struct request {
    const struct arguments *arguments;
    unsigned edition;
    const tb_api *api;
    const tb_operation *operation;
    json_t *parameters;
    json_t *body;
    json_t *link; /* of --all: where page and pageSize are; borrowed */
};

/* The edition whose tables are used: the given one, the server's as tbproxyd says, or the first that has the
 * operation. */
static int choose_edition(struct request *request, struct tb_error *err)
{
    const char *id = request->arguments->operation;
    unsigned first = edition_with_operation(id, 0, EDITION_NONE);
    unsigned known = request->arguments->edition;

    if (first == EDITION_NONE)
        return refuse_operation(id, err);
    if (known == EDITION_NONE && !connection_is_direct(&request->arguments->connection))
        known = daemon_edition(&request->arguments->connection);
    request->edition = known == EDITION_NONE ? first : known;
    request->api = editions[request->edition].api;
    request->operation = tb_operation_find(request->api, id);
    if (!request->operation)
        return tb_error_set(err, -EINVAL, "%s is not in %s; it is in %s (--edition %s)", id,
                            editions[request->edition].title, editions[first].title, editions[first].name);
    return 0;
}

static int add_parameters(struct request *request, struct tb_error *err)
{
    bool checked = !request->arguments->no_check;
    size_t i;
    int r = 0;

    for (i = 0; i < request->arguments->count && r == 0; i++) {
        const struct argument *argument = &request->arguments->list[i];
        const struct tb_parameter *parameter;

        if (argument->kind != ARGUMENT_PARAMETER)
            continue;
        parameter = parameter_find(request->api, request->operation, argument->name);
        if (!parameter)
            return tb_error_set(err, -EINVAL, "%s has no parameter --%s in %s", request->arguments->operation,
                                argument->name, editions[request->edition].title);
        r = parameter_add(request->api, parameter, argument->value, checked, request->parameters, err);
    }
    return r;
}

/* --all begins with the first page unless told otherwise. */
static int add_pages(struct request *request, struct tb_error *err)
{
    if (!request->arguments->all)
        return 0;
    request->link = page_link(request->api, request->operation, request->parameters, &request->body, err);
    if (!request->link)
        return -EINVAL;
    if (!json_object_get(request->link, "page"))
        json_object_set_new(request->link, "page", json_integer(0));
    if (!json_object_get(request->link, "pageSize"))
        json_object_set_new(request->link, "pageSize", json_integer(PAGE_SIZE_DEFAULT));
    return 0;
}

/* Names all that is missing at once. */
static int check_required(const struct request *request, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf missing = BUF_INIT(TB_ERROR_MESSAGE_MAX);
    const tb_operation *operation = request->operation;
    unsigned i;

    for (i = 0; i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &request->api->parameters[operation->first_parameter + i];
        const char *name = table_text(request->api, parameter->name);
        char option[NAME_MAX_BYTES];

        if ((parameter->flags & TB_REQUIRED) && !json_object_get(request->parameters, name) &&
            (parameter->location == TB_IN_PATH || !request->arguments->no_check))
            buf_append_format(&missing, "%s--%s", missing.len ? ", " : "", kebab_case(name, option));
    }
    if (missing.len > 0)
        return tb_error_set(err, -EINVAL, "%s requires %s", request->arguments->operation, missing.data);
    if ((operation->flags & TB_BODY_REQUIRED) && !request->body && !request->arguments->no_check)
        return tb_error_set(err, -EINVAL, "%s requires %s", request->arguments->operation,
                            operation->body == TB_BODY_MULTIPART ? "--part" : "--body or --set");
    return 0;
}

static int prepare(struct request *request, struct tb_error *err)
{
    int r = choose_edition(request, err);

    if (r == 0 && !(request->parameters = json_object()))
        r = tb_error_set(err, -ENOMEM, "out of memory");
    if (r == 0)
        r = add_parameters(request, err);
    if (r == 0)
        r = call_body_read(request->arguments, request->api, request->operation, &request->body, err);
    if (r == 0)
        r = add_pages(request, err);
    if (r == 0)
        r = check_required(request, err);
    return r < 0 ? r : select_check(request->arguments, err);
}

/* Without checks, the text of --body is sent as it is, JSON or not. */
static int build(const struct request *request, const struct sender *sender, struct call *call,
                 struct tb_error *err)
{
    bool is_text = request->arguments->no_check && request->operation->body == TB_BODY_JSON &&
                   json_is_string(request->body);
    int r = call_from_json(call, &sender->checks, request->api, request->arguments->operation,
                           request->parameters, is_text ? NULL : request->body, err);

    if (r < 0 || !is_text)
        return r;
    return call_set_text(call, json_string_value(request->body), json_string_length(request->body), err);
}

static int send_once(const struct request *request, struct sender *sender, struct buf *ret,
                     struct tb_error *err)
{
    CLEANUP(call_free) struct call call;
    int r = build(request, sender, &call, err);

    sender->checks.warning = NULL; /* once is enough for all pages */
    return r < 0 ? r : sender_send(sender, &call, ret, err);
}

/* As part of an array; *FIRST is true until it has begun. */
static void print_elements(FILE *file, const struct page *page, bool compact, bool *first)
{
    const char *at = page->data.text, *end = page->data.text + page->data.length;
    struct json_part element;

    while (json_text_next_element(&at, end, &element)) {
        fputs(*first ? "[" : ",", file);
        fputs(compact ? "" : "\n  ", file);
        json_print(file, element.text, element.text + element.length, compact, 1);
        *first = false;
    }
}

static int print_page(const struct request *request, struct sender *sender, const struct page *page,
                      bool *first, struct tb_error *err)
{
    FILE *file = sender->output.file;
    int r = 0;

    if (select_is_given(request->arguments))
        r = select_print_each(request->arguments, page->data, &sender->output, err);
    else
        print_elements(file, page, request->arguments->compact, first);
    return r == 0 && fflush(file) != 0 ? output_finish(&sender->output, err) : r;
}

/* One page at a time is in memory. */
static int send_all(const struct request *request, struct sender *sender, struct tb_error *err)
{
    json_int_t number = json_integer_value(json_object_get(request->link, "page"));
    bool compact = request->arguments->compact, first = true;
    struct page page = {.has_next = true};
    int64_t count = 0;
    int r = 0;

    while (page.has_next && r == 0) {
        CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);

        json_object_set_new(request->link, "page", json_integer(number++));
        r = send_once(request, sender, &text, err);
        if (sender->arguments->dry_run)
            return r;
        if (r == 0)
            r = page_read(&text, &page, err);
        if (r == 0)
            r = print_page(request, sender, &page, &first, err);
        count += (int64_t)page.count;
        progress_show(&sender->progress, "received", count, page.total, "elements");
    }
    if (r == 0 && !select_is_given(request->arguments))
        fputs(first ? "[]\n" : compact ? "]\n" : "\n]\n", sender->output.file);
    return r;
}

static int perform(const struct request *request, struct sender *sender, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf answer = BUF_INIT(SIZE_MAX / 2);
    int r = entity_names_resolve(sender->client, request->api, request->parameters, err);

    if (r == 0)
        r = request->arguments->all ? send_all(request, sender, err)
                                    : send_once(request, sender, &answer, err);
    if (r == 0 && answer.len > 0)
        r = sender_print(sender, &answer, request->operation->answer != TB_ANSWER_JSON, err);
    return r;
}

static int run(const struct arguments *arguments)
{
    struct request request = {.arguments = arguments};
    struct tb_error err = TB_ERROR_INIT;
    struct sender sender;
    int status;

    if (prepare(&request, &err) < 0) {
        status = say_usage("call", "%s", err.message);
    } else {
        int r = sender_begin(&sender, arguments, arguments->operation, &err);

        if (r == 0)
            r = perform(&request, &sender, &err);
        status = sender_end(&sender, r, &err);
    }
    json_decref(request.parameters);
    json_decref(request.body);
    tb_error_clear(&err);
    return status;
}

static const char *const options[] = {
    "all",      "api-key-file", "body",     "ca-file", "compact",       "dry-run", "edition", "field",
    "help",     "jq",           "no-check", "output",  "part",          "set",     "timeout", "token-file",
    "username", "unix-socket",  "url",      "verbose", "password-file", NULL,
};

const struct subcommand call_subcommand = {
    .name = "call",
    .summary = "call an operation of the REST API",
    .usage = "Usage: tbproxyctl call [OPTION]... OPERATION [--PARAMETER VALUE]... [OPTION]...\n"
             "Calls OPERATION, through tbproxyd or directly, and prints the answer.\n"
             "\n"
             "  --PARAMETER VALUE      set a parameter, e.g. --page-size or --pageSize;\n"
             "                         repeat it for a list; @name:NAME is the id of the\n"
             "                         device, asset, customer, edge or entity view NAME\n"
             "  --body JSON            send JSON as the body; @FILE reads it from FILE, - from\n"
             "                         standard input\n"
             "  --set NAME=VALUE       set a member of the body, e.g. --set name=boiler\n"
             "                         --set additionalInfo.gateway=true\n"
             "  --part NAME=TEXT       send a part of a multipart body; NAME=@FILE sends FILE\n"
             "  --no-check             send parameters and body as they are\n"
             "  --dry-run              print the request instead of sending it\n"
             "\n"
             "  --field NAME           print one value of the answer, e.g. data.0.name\n"
             "  --jq EXPRESSION        print what an expression of jq makes of the answer\n"
             "  --all                  print the elements of all pages as one array; --field\n"
             "                         and --jq are for each\n"
             "  --output FILE          write the answer to FILE instead of standard output\n"
             "  --compact              print JSON on one line\n"
             "  --verbose, -v          show the request, and the answer's headers and error,\n"
             "                         on standard error\n"
             "\n"
             "  --url URL              URL of tbproxyd or a server (default: $TBPROXY_URL, or\n"
             "                         " URL_DEFAULT ")\n"
             "  --unix-socket PATH     connect to tbproxyd's Unix socket instead\n"
             "  --api-key-file FILE    call a server directly, with the API key in FILE\n"
             "  --username NAME --password-file FILE\n"
             "                         ... or with a username and the password in FILE\n"
             "  --token-file FILE      ... or with the access token in FILE\n"
             "  --ca-file FILE         trust the certificates in FILE instead of the system's\n"
             "  --edition EDITION      ce, pe or paas (default: tbproxyd's, or the first that\n"
             "                         has OPERATION)\n"
             "  --timeout SECONDS      time limit for each attempt (default: 60)\n"
             "\n"
             "If OPERATION has a parameter with the same name as an option, give the option\n"
             "before OPERATION.\n"
             "Exit status: 0 on success, 2 for a wrong command line, 3 not found, 4 refused or\n"
             "unauthorized, 5 rate limited, 6 for an error of the server, 7 if it is not\n"
             "reachable, 1 for any other failure.\n",
    .options = options,
    .max_words = 1,
    .takes_parameters = true,
    .run = run,
};
