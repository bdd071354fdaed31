/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "curl -d" calls its body a form. The server answers that with 500, or, if it takes the body as text, reads
 * it as a form and writes it anew, with escapes.
 */
#include "proxy/listen/body_type.h"

#include <strings.h>

#include "base/log.h"
#include "proxy/listen/dispatch.h"
#include "json/json_check.h"
#include "json/json_text.h"

static bool is_form(const char *type)
{
    static const char form[] = "application/x-www-form-urlencoded";
    size_t length = strcspn(type, "; \t");

    return length == strlen(form) && strncasecmp(type, form, length) == 0;
}

/* A page may send a form to another origin without asking, but not JSON (CORS), so it must stay a form. */
static bool may_be_fixed(const struct exchange *exchange)
{
    const struct head *head = &exchange->head;
    const char *type = headers_find(&head->headers, MHD_HTTP_HEADER_CONTENT_TYPE);

    return exchange->services->config->forward.fix_content_type && !head->may_be_from_page &&
           head->operation && head->operation->takes_json && (!type || is_form(type));
}

/* Of a large body, the first byte has to do: it is not read in one turn of the loop. */
static bool is_json(const struct inbound *inbound)
{
    const char *text = inbound->body.data;
    size_t length = inbound->body.len;
    const char *first = json_text_skip_blanks(text, text + length);

    if (first == text + length || (*first != '{' && *first != '['))
        return false;
    return inbound->streams || length > DISPATCH_READ_BYTES || json_check(text, length, 0);
}

void body_type_fix(struct exchange *exchange)
{
    if (exchange->inbound.body.len == 0 || !may_be_fixed(exchange) || !is_json(&exchange->inbound))
        return;
    if (headers_replace(&exchange->head.headers, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json") == 0)
        log_debug("%s: its body is JSON, so its Content-Type becomes application/json",
                  operation_id(exchange->head.operation));
}
