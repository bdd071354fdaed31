/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/status/page.h"

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/respond.h"
#include "proxy/status/page_files.h"

static const struct file {
    const char *path;
    const char *type;
    const unsigned char *data;
    const size_t *size;
    const char *coding; /* every browser accepts gzip */
} files[] = {
    {"/", "text/html; charset=utf-8", page_html, &page_html_size, NULL},
    {"/page.css", "text/css; charset=utf-8", page_css, &page_css_size, NULL},
    {"/page.js", "text/javascript; charset=utf-8", page_js, &page_js_size, NULL},
    {"/operations.json", "application/json", page_operations, &page_operations_size, "gzip"},
};

/* What a server or a program writes is shown as text only; if that failed, nothing of it could run. */
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                             "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static const struct file *find(const struct target *target)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(files); i++)
        if (strlen(files[i].path) == target->path_length &&
            memcmp(files[i].path, target->text.data, target->path_length) == 0)
            return &files[i];
    return &files[0];
}

static void page_begin(struct exchange *exchange)
{
    const struct file *file = find(&exchange->head.target);
    struct response response =
        response_from_buffer((void *)(uintptr_t)file->data, *file->size, MHD_RESPMEM_PERSISTENT);

    response_add(response, MHD_HTTP_HEADER_CONTENT_TYPE, file->type);
    if (file->coding)
        response_add(response, MHD_HTTP_HEADER_CONTENT_ENCODING, file->coding);
    response_add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    response_add(response, "Content-Security-Policy", policy);
    response_add(response, "X-Content-Type-Options", "nosniff");
    respond(exchange, MHD_HTTP_OK, response);
}

const struct handler page_handler = {.name = "page", .begin = page_begin};
