/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/show.h"

#include <stdarg.h>

#include "ctl/json_print.h"
#include "http/target.h"
#include "json/json_read.h"
#include "json/json_write.h"

#define LINE_MAX_BYTES (URL_SHOWN_MAX + 64)
#define URL_SHOWN_MAX  10240
#define BODY_MAX_BYTES (64 * 1024) /* of a body that is not JSON */
#define MASK           "***"

/* What is in the names of headers, parameters and members that have secrets, or may have. */
static const char *const secret_words[] = {
    "authorization", "cookie",    "password",         "secret",  "token",
    "credential",    "apikey",    "api_key",          "api-key", "private_key",
    "privatekey",    "accesskey", "verificationcode", "authurl", "passphrase"};

static bool is_secret(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(secret_words); i++)
        if (strcasestr(name, secret_words[i]))
            return true;
    return false;
}

static void PRINTF_LIKE(3, 4) line(FILE *file, const char *prefix, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    make_printable(text);
    fprintf(file, "%s%s\n", prefix, text);
}

static void mask(json_t *value)
{
    const char *name;
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item) mask(item);
    json_object_foreach(value, name, item)
    {
        if (is_secret(name) && !json_is_null(item))
            json_object_set_new(value, name, json_string(MASK));
        else
            mask(item);
    }
}

static void show_json(FILE *file, json_t *value)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);

    mask(value);
    if (json_write(&text, value) == 0)
        json_print(file, text.data, text.data + text.len, false, 0);
    putc('\n', file);
}

static void show_text(FILE *file, const struct buf *body)
{
    size_t i;

    for (i = 0; i < body->len && i < BODY_MAX_BYTES; i++) {
        unsigned char c = (unsigned char)body->data[i];

        putc((c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' ? c : '?', file);
    }
    putc('\n', file);
}

static void show_body(FILE *file, const struct buf *body, bool is_request)
{
    json_t *value = json_read(body->data, body->len, JSON_READ_EXACT, NULL);

    if (value)
        show_json(file, value);
    else if (is_request)
        fprintf(file, "(%zu bytes that are not JSON)\n", body->len);
    else
        show_text(file, body);
    json_decref(value);
}

/* TARGET without the token of a device and the values of parameters that may be secret. */
static void mask_target(const char *target, struct buf *ret)
{
    size_t path = strcspn(target, "?"), shown = target_public_length(target, path);

    buf_append(ret, target, shown);
    if (shown < path)
        buf_append_string(ret, MASK);
    shown += strcspn(target + shown, "/?");
    buf_append(ret, target + shown, path - shown);
    for (target += path; *target;) {
        size_t length = 1 + strcspn(target + 1, "&");
        size_t equal = strcspn(target, "=");
        char name[128];

        snprintf(name, sizeof(name), "%.*s", (int)(equal < length ? equal : length), target);
        if (is_secret(name) && equal < length)
            buf_append_format(ret, "%s=" MASK, name);
        else
            buf_append(ret, target, length);
        target += length;
    }
    buf_append_string(ret, "");
}

static void show_header(FILE *file, const char *prefix, const char *header)
{
    int name_length = (int)strcspn(header, ":");
    char name[128];

    snprintf(name, sizeof(name), "%.*s", name_length, header);
    line(file, prefix, "%s: %s", name, is_secret(name) ? MASK : header_value(header));
}

void show_request(FILE *file, const char *prefix, const struct connection_options *connection,
                  const struct call *call)
{
    CLEANUP(buf_free) struct buf target = BUF_INIT(URL_SHOWN_MAX);
    const char *url = connection_url(connection);
    const char *header = NULL;
    size_t length = strlen(url);

    while (length > 0 && url[length - 1] == '/')
        length--;
    mask_target(call->target.data, &target);
    line(file, prefix, "%s %.*s%s", tb_method_name((enum tb_method)call->operation->method), (int)length,
         strchr(url, '@') ? MASK : url, target.data ? target.data : "");
    while ((header = headers_next(&call->headers, header)))
        show_header(file, prefix, header);
    if (connection_is_direct(connection) && !(call->operation->flags & TB_ANONYMOUS))
        line(file, prefix, "X-Authorization: " MASK);
    line(file, prefix, "%s", "");
    if (call->has_body)
        show_body(file, &call->body, true);
    else if (call->operation->body == TB_BODY_MULTIPART)
        fprintf(file, "(%zu parts, %lld bytes)\n", call->parts.count, (long long)call->parts.length);
}

void show_answer(FILE *file, const struct answer *answer)
{
    const char *header = NULL;

    if (answer->status == 0)
        return;
    line(file, "< ", "HTTP %d", answer->status);
    while ((header = headers_next(&answer->headers, header)))
        show_header(file, "< ", header);
    line(file, "< ", "%s", "");
    if (!answer_is_success(answer) && answer->body.len > 0)
        show_body(file, &answer->body, false);
}
