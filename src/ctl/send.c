/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/send.h"

#include <errno.h>

#include "client/answer_error.h"
#include "client/error.h"
#include "client/perform.h"
#include "ctl/message.h"
#include "ctl/select.h"
#include "ctl/show.h"
#include "json/json_read.h"

#define ANSWER_MAX_BYTES (64 * 1024 * 1024) /* of JSON that no operation announces, as of other JSON */

int sender_begin(struct sender *sender, const struct arguments *arguments, const char *name,
                 struct tb_error *err)
{
    int r;

    *sender = (struct sender){.arguments = arguments, .name = name};
    sender->checks.no_check = arguments->no_check;
    sender->checks.warning = arguments->no_check ? NULL : connection_warn;
    r = output_open(&sender->output, arguments->output, err);
    if (r == 0 && !arguments->dry_run)
        r = connection_open_client(&arguments->connection, &sender->client, err);
    progress_begin(&sender->progress, sender->output.is_terminal);
    return r;
}

/* JSON is formatted at its end, and something can be selected of it; all else goes to the output at once. */
static int begin_answer(void *context, const char *content_type, const char *file_name, int64_t length)
{
    struct sender *sender = context;

    (void)file_name;
    sender->passes_on = !strcasestr(content_type, "json") && !select_is_given(sender->arguments);
    sender->flushes = strcasestr(content_type, "text/event-stream") != NULL;
    sender->length = length;
    return 0;
}

static int take_answer(void *context, const void *data, size_t length)
{
    struct sender *sender = context;

    sender->received += (int64_t)length;
    progress_show(&sender->progress, "received", sender->received, sender->length, "bytes");
    if (sender->passes_on)
        return output_write(&sender->output, data, length, sender->flushes);
    return sender->text->len + length > ANSWER_MAX_BYTES ? -EMSGSIZE : buf_append(sender->text, data, length);
}

static void show_upload(void *context, int64_t sent, int64_t length)
{
    progress_show(context, "sent", sent, length, "bytes");
}

static int perform(struct sender *sender, struct call *call, const tb_sink *sink, struct answer *ret,
                   struct tb_error *err)
{
    int r = client_enter(sender->client, err);

    if (r < 0)
        return r;
    call->progress = show_upload;
    call->progress_context = &sender->progress;
    r = call_send(call, sender->client, NULL, sink, ret, err);
    client_leave(sender->client);
    progress_end(&sender->progress);
    return r;
}

int sender_send(struct sender *sender, struct call *call, struct buf *text, struct tb_error *err)
{
    const struct connection_options *connection = &sender->arguments->connection;
    bool is_raw = !*call->api->edition;
    tb_sink sink = {.begin = begin_answer, .write = take_answer, .context = sender};
    struct answer answer;
    int r;

    sender->text = text;
    if (sender->arguments->dry_run) {
        show_request(sender->output.file, "", connection, call);
        return 0;
    }
    if (sender->arguments->verbose)
        show_request(stderr, "> ", connection, call);
    r = perform(sender, call, is_raw || call_streams(call) ? &sink : NULL, &answer, err);
    if (r < 0)
        return r == -EPERM && sender->output.is_terminal ? output_failed(&sender->output, r, err) : r;
    if (sender->arguments->verbose)
        show_answer(stderr, &answer);
    if (!answer_is_success(&answer))
        r = answer_error(&answer, sender->name, err);
    else if (answer_text(&answer, text) < 0)
        r = FAIL_MEMORY(err);
    answer_free(&answer);
    return r;
}

static void free_json(json_t **value)
{
    json_decref(*value);
}

static int print_text(struct sender *sender, const char *text, size_t length, struct tb_error *err)
{
    int r = output_write(&sender->output, text, length, false);

    return r < 0 ? output_failed(&sender->output, r, err) : 0;
}

int sender_print(struct sender *sender, const struct buf *text, bool may_be_text, struct tb_error *err)
{
    bool selects = select_is_given(sender->arguments);
    json_error_t reason;
    CLEANUP(free_json) json_t *value = json_read(text->data, text->len, 0, &reason);
    const char *string = json_string_value(value);

    if (!value && (!may_be_text || selects))
        return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "the answer is not JSON: line %d, column %d: %s",
                    reason.line, reason.column, reason.text);
    if (!value)
        return print_text(sender, text->data, text->len, err);
    if (may_be_text && string && !tb_verbatim(string) && !selects)
        return print_text(sender, string, json_string_length(value), err);
    return select_print(sender->arguments, json_text_value(text->data, text->len), &sender->output, err);
}

/* Messages of the library begin with the name. */
static const char *without_name(const char *message, const char *name)
{
    size_t length = strlen(name);

    return strncmp(message, name, length) == 0 && strncmp(message + length, ": ", 2) == 0
               ? message + length + 2
               : message;
}

/* What to do about ERR. tbproxyd may hold a request for longer than its program waits. */
static const char *hint(const struct connection_options *options, const struct tb_error *err)
{
    return err->kind == TB_ERROR_TIMEOUT && !connection_is_direct(options)
               ? "; is the server away? tbproxyctl status"
               : connection_hint(options, err);
}

static int report(const struct sender *sender, const struct tb_error *err)
{
    const char *name = sender->name;
    const char *message = without_name(err->message, name);

    if (err->kind == TB_ERROR_USAGE)
        return say_usage(sender->arguments->subcommand->name, "%s: %s", name, message);
    say("%s: %s%s", name, message, hint(&sender->arguments->connection, err));
    return exit_status(err);
}

int sender_end(struct sender *sender, int result, struct tb_error *err)
{
    int status = STATUS_GOOD;

    progress_end(&sender->progress);
    if (result == -EPIPE && !sender->output.path)
        end_as_broken_pipe();
    if (result == 0)
        result = output_finish(&sender->output, err);
    if (result < 0)
        status = report(sender, err);
    output_close(&sender->output);
    tb_client_close(sender->client);
    return status;
}
