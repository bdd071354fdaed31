/* SPDX-License-Identifier: Apache-2.0 */
/* tbproxyctl get, post, put and delete: requests to any path. */
#include <errno.h>
#include <strings.h>

#include "client/error.h"
#include "ctl/call_body.h"
#include "ctl/message.h"
#include "ctl/select.h"
#include "ctl/send.h"

#define BODY_MAX_BYTES (64 * 1024 * 1024)

static enum tb_method method_of(const struct subcommand *subcommand)
{
    enum tb_method method = TB_GET;

    while (method < TB_DELETE && strcasecmp(tb_method_name(method), subcommand->name) != 0)
        method++;
    return method;
}

static int prepare(const struct arguments *arguments, struct call *call, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf body = BUF_INIT(BODY_MAX_BYTES);
    int r = arguments->word_count == 1 ? raw_body_read(arguments, &body, err)
                                       : FAIL(err, TB_ERROR_USAGE, -EINVAL, "the path is missing");

    if (r == 0)
        r = select_check(arguments, err);
    if (r == 0)
        r = call_from_target(call, method_of(arguments->subcommand), arguments->words[0], err);
    if (r == 0 && body.data)
        r = call_set_text(call, body.data, body.len, err);
    return r;
}

static int run(const struct arguments *arguments)
{
    CLEANUP(buf_free) struct buf answer = BUF_INIT(SIZE_MAX / 2);
    struct tb_error err = TB_ERROR_INIT;
    struct sender sender;
    struct call call = {.operation = NULL};
    int status;
    int r = prepare(arguments, &call, &err);

    if (r < 0) {
        status = say_usage(arguments->subcommand->name, "%s", err.message);
    } else {
        r = sender_begin(&sender, arguments, call_name(&call), &err);
        if (r == 0)
            r = sender_send(&sender, &call, &answer, &err);
        if (r == 0 && answer.len > 0)
            r = sender_print(&sender, &answer, true, &err);
        status = sender_end(&sender, r, &err);
    }
    call_free(&call);
    tb_error_clear(&err);
    return status;
}

#define CONNECTION_OPTIONS                                                                                   \
    "api-key-file", "ca-file", "compact", "dry-run", "field", "help", "jq", "output", "password-file",       \
        "timeout", "token-file", "unix-socket", "url", "username", "verbose"
static const char *const options[] = {CONNECTION_OPTIONS, NULL};
static const char *const options_with_body[] = {CONNECTION_OPTIONS, "body", "set", NULL};

#define USAGE(name, request)                                                                                 \
    "Usage: tbproxyctl " name " [OPTION]... PATH\n"                                                          \
    "Sends " request " and prints the answer. PATH is as in the API, with its\n"                             \
    "query, such as '/api/tenant/devices?pageSize=10&page=0' (in quotes, because of\n"                       \
    "the &). Nothing is checked.\n"                                                                          \
    "\n"
#define BODY_USAGE                                                                                           \
    "  --body JSON            send JSON as the body; @FILE reads it from FILE, - from\n"                     \
    "                         standard input\n"                                                              \
    "  --set NAME=VALUE       set a member of the body, as JSON if VALUE is JSON,\n"                         \
    "                         else as text\n"
#define TAIL                                                                                                 \
    "\n"                                                                                                     \
    "Options for output and connection, and the exit status, are those of \"call\";\n"                       \
    "see tbproxyctl help call.\n"

const struct subcommand get_subcommand = {
    .name = "get",
    .summary = "send a GET request to a path",
    .usage = USAGE("get", "a GET request") TAIL,
    .options = options,
    .max_words = 1,
    .run = run,
};

const struct subcommand post_subcommand = {
    .name = "post",
    .summary = "send a POST request to a path",
    .usage = USAGE("post", "a POST request") BODY_USAGE TAIL,
    .options = options_with_body,
    .max_words = 1,
    .run = run,
};

const struct subcommand put_subcommand = {
    .name = "put",
    .summary = "send a PUT request to a path",
    .usage = USAGE("put", "a PUT request") BODY_USAGE TAIL,
    .options = options_with_body,
    .max_words = 1,
    .run = run,
};

const struct subcommand delete_subcommand = {
    .name = "delete",
    .summary = "send a DELETE request to a path",
    .usage = USAGE("delete", "a DELETE request") BODY_USAGE TAIL,
    .options = options_with_body,
    .max_words = 1,
    .run = run,
};
