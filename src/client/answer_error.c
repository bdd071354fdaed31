/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer_error.h"

#include <errno.h>

#include "base/utf8.h"
#include "client/error.h"
#include "json/json_read.h"

/* Most bytes of the server's message in ours. */
#define WORDS_MAX 300

/* As the exceptions of the official Python client. */
enum tb_error_kind answer_kind(int status)
{
    switch (status) {
    case 400:
        return TB_ERROR_BAD_REQUEST;
    case 401:
        return TB_ERROR_UNAUTHORIZED;
    case 403:
        return TB_ERROR_FORBIDDEN;
    case 404:
        return TB_ERROR_NOT_FOUND;
    case 409:
        return TB_ERROR_CONFLICT;
    case 422:
        return TB_ERROR_UNPROCESSABLE;
    case 429:
        return TB_ERROR_RATE_LIMITED;
    default:
        return status >= 500 && status <= 599 ? TB_ERROR_SERVICE : TB_ERROR_HTTP;
    }
}

static int kind_code(enum tb_error_kind kind)
{
    switch (kind) {
    case TB_ERROR_BAD_REQUEST:
    case TB_ERROR_UNPROCESSABLE:
        return -EINVAL;
    case TB_ERROR_UNAUTHORIZED:
        return -EPERM;
    case TB_ERROR_FORBIDDEN:
        return -EACCES;
    case TB_ERROR_NOT_FOUND:
        return -ENOENT;
    case TB_ERROR_CONFLICT:
        return -EEXIST;
    case TB_ERROR_RATE_LIMITED:
        return -EBUSY;
    case TB_ERROR_TIMEOUT:
        return -ETIMEDOUT;
    case TB_ERROR_DECODE:
        return -EBADMSG;
    default:
        return -EIO;
    }
}

/* Makes one line of what the server wrote. */
static void one_line(char *text)
{
    char *c;

    for (c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    while (c > text && c[-1] == ' ')
        *--c = '\0';
}

static void copy_words(const char *from, size_t length, char *ret)
{
    if (length > WORDS_MAX - 1)
        length = WORDS_MAX - 1;
    while (length > 0 && utf8_count(from, length) < 0) /* cut inside a character */
        length--;
    memcpy(ret, from, length);
    ret[length] = '\0';
    one_line(ret);
}

/* The server's own message: in ThingsBoard's JSON, a bare JSON string, or a short text, but not HTML; and its
 * errorCode. */
static void server_words(const struct answer *answer, char *ret, int *error_code)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(2 * ANSWER_ERROR_BODY_MAX);
    json_t *body, *code;
    const json_t *message;

    *ret = '\0';
    *error_code = 0;
    if (answer->body.len > ANSWER_ERROR_BODY_MAX || answer_text(answer, &text) < 0)
        return;
    body = json_read(text.data, text.len, 0, NULL);
    message = json_is_string(body) ? body : json_object_get(body, "message");
    code = json_object_get(body, "errorCode");
    if (json_is_integer(code) && json_integer_value(code) > 0 && json_integer_value(code) < INT32_MAX)
        *error_code = (int)json_integer_value(code);
    if (json_is_string(message))
        copy_words(json_string_value(message), json_string_length(message), ret);
    else if (!body && text.len > 0 && text.data[0] != '<')
        copy_words(text.data, strlen(text.data), ret);
    json_decref(body);
}

static void keep_body(const struct answer *answer, tb_error *err)
{
    size_t length = answer->body.len < ANSWER_ERROR_BODY_MAX ? answer->body.len : ANSWER_ERROR_BODY_MAX;

    if (length == 0)
        return;
    free(err->body);
    err->body_length = 0;
    err->body = malloc(length + 1);
    if (!err->body)
        return;
    memcpy(err->body, answer->body.data, length);
    err->body[length] = '\0';
    err->body_length = length;
}

void answer_keep_refusal(const struct answer *answer, tb_error *err)
{
    char words[WORDS_MAX];

    server_words(answer, words, &err->error_code);
    keep_body(answer, err);
}

/* Why a 429 was not retried. */
static const char *const retry_refusals[] = {
    [RETRY_NOT_REFUSED] = "",
    [RETRY_IS_OFF] = "",
    [RETRY_ENOUGH] = " (retried as often as max_retries allows)",
    [RETRY_UNSAFE] = " (not retried: the server may have executed it)",
    [RETRY_UNSTAMPED] =
        " (not retried: the server may have stored it, and it could not be given a timestamp)",
    [RETRY_BODY_IS_GONE] = " (not retried: its body is gone)",
    [RETRY_LATER_THAN_MAX] = " (not retried: Retry-After is longer than max_retry_delay_ms)",
};

/* tbproxyd says in Proxy-Status (RFC 9209) that an error is its own. */
static const char *who_answered(const struct headers *headers)
{
    const char *line = headers_find(headers, "Proxy-Status");

    return line && strncmp(line, "tbproxyd; error=", strlen("tbproxyd; error=")) == 0 ? "tbproxyd"
                                                                                      : "the server";
}

static int status_error(const struct answer *answer, const char *what, tb_error *err)
{
    enum tb_error_kind kind = answer_kind(answer->status);
    int code = kind_code(kind);
    char words[WORDS_MAX];
    int error_code;

    if (!err)
        return code;
    server_words(answer, words, &error_code);
    err->status = answer->status;
    err->error_code = error_code;
    keep_body(answer, err);
    return FAIL(err, kind, code, "%s: %s answered HTTP %d%s%s%s", what, who_answered(&answer->headers),
                answer->status, *words ? ": " : "", words,
                answer->status == 429 ? retry_refusals[answer->not_retried] : "");
}

static int no_session_error(const struct answer *answer, const char *what, tb_error *err)
{
    if (!answer->locked_out)
        return FAIL(err, TB_ERROR_TRANSPORT, -EIO, "%s: no session with the server: %s", what,
                    answer->reason);
    if (err)
        err->status = 401;
    return FAIL(err, TB_ERROR_UNAUTHORIZED, -EPERM, "%s: the credential was refused: %s", what,
                answer->reason);
}

static int failed_error(const struct answer *answer, const char *what, tb_error *err)
{
    enum tb_error_kind kind = answer->timed_out       ? TB_ERROR_TIMEOUT
                              : answer->failed_in_tls ? TB_ERROR_TLS
                                                      : TB_ERROR_TRANSPORT;

    return FAIL(err, kind, kind_code(kind), "%s: no answer from the server: %s", what, answer->reason);
}

int answer_error(const struct answer *answer, const char *what, tb_error *err)
{
    if (answer->given_up)
        return FAIL(err, TB_ERROR_TRANSPORT, -ECANCELED, "%s: cancelled: the client was closed", what);
    switch (answer->outcome) {
    case REQUEST_ANSWERED:
        return status_error(answer, what, err);
    case REQUEST_FAILED:
        return failed_error(answer, what, err);
    case REQUEST_NO_SESSION:
        return no_session_error(answer, what, err);
    case REQUEST_SESSION_LATE:
        return FAIL(err, TB_ERROR_TIMEOUT, -ETIMEDOUT, "%s: the session was not renewed in time: %s", what,
                    answer->reason);
    case REQUEST_TO_LOGIN_PAGE:
        if (err)
            err->status = 401;
        return FAIL(err, TB_ERROR_UNAUTHORIZED, -EPERM, "%s: the server redirected to its login page", what);
    case REQUEST_BODY_IS_GONE: /* the library never sends such a body */
    case REQUEST_CANNOT_BE_SENT:
        break;
    }
    return FAIL(err, TB_ERROR_SYSTEM, -ENOMEM, "%s: out of memory", what);
}

int answer_does_not_fit(const struct answer *answer, const char *what, tb_error *err)
{
    if (!err)
        return -EBADMSG;
    err->status = answer->status;
    keep_body(answer, err);
    tb_error_prefix(err, "%s: the answer does not fit its schema", what);
    return err->code;
}
