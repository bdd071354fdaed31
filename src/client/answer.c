/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer.h"

#include <strings.h>

#include "base/utf8.h"
#include "client/answer_headers.h"
#include "json/json_read.h"

void answer_free(struct answer *answer)
{
    headers_free(&answer->headers);
    buf_free(&answer->body);
}

bool answer_is_success(const struct answer *answer)
{
    return answer->outcome == REQUEST_ANSWERED && !answer->given_up && answer->status >= 200 &&
           answer->status < 300;
}

static int append_latin1(struct buf *out, const char *text, size_t length)
{
    size_t i;
    int r = 0;

    for (i = 0; r == 0 && i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        char pair[2] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};

        r = c < 0x80 ? buf_append(out, text + i, 1) : buf_append(out, pair, 2);
    }
    return r;
}

static bool is_latin1(const struct answer *answer)
{
    return strcasestr(answer_content_type(&answer->headers), "charset=iso-8859-1") != NULL;
}

int answer_text(const struct answer *answer, struct buf *out)
{
    if (answer->body.len == 0)
        return buf_append(out, "", 0);
    if (is_latin1(answer) || utf8_count(answer->body.data, answer->body.len) < 0)
        return append_latin1(out, answer->body.data, answer->body.len);
    return buf_append(out, answer->body.data, answer->body.len);
}

json_t *answer_json(const struct answer *answer, unsigned flags, json_error_t *reason)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SIZE_MAX / 2);

    *reason = (json_error_t){.text = "the body is empty"};
    if (answer->body.len == 0)
        return NULL;
    if (!is_latin1(answer))
        return json_read(answer->body.data, answer->body.len, flags, reason);
    if (append_latin1(&text, answer->body.data, answer->body.len) < 0)
        return json_read_failed(reason);
    return json_read(text.data, text.len, flags, reason);
}
