/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/reply_headers.h"

#include <stdio.h>

#include "http/content_type.h"
#include "http/header_filter.h"
#include "http/origin.h"

#define NAME_MAX_BYTES 256

/* ---- Location ---- */

/* A path that begins with two slashes is taken for a host (RFC 3986, section 4.2). Browsers take a backslash
 * for a slash, and leave out tabs (https://url.spec.whatwg.org/#url-parsing). */
static bool is_taken_for_a_host(const char *path)
{
    path += 1 + strspn(path + 1, "\t");
    return *path == '/' || *path == '\\';
}

/* A Location on the server becomes one on the listener: a path without that of upstream.url. A Location that
 * would then lead to another host is not changed. The caller frees the result; NULL if there is no memory. */
static char *local_location(const struct exchange *exchange, const char *location)
{
    const char *url = exchange->services->config->upstream.url, *path = location, *prefix, *slash = "";
    CLEANUP(free_pointer) char *absolute = NULL;
    char *ret = NULL;
    size_t length;

    /* The scheme is that of the request (RFC 3986, section 4.2). */
    if (strncmp(location, "//", 2) == 0 &&
        asprintf(&absolute, "%.*s%s", (int)strcspn(url, "/"), url, location) < 0)
        return NULL;
    url = servers_configured_url(&exchange->services->upstream.servers, absolute ? absolute : location);
    if (origin_is_same(absolute ? absolute : location, url)) {
        path = absolute ? absolute : location;
        path += origin_length(path);
        slash = *path == '/' ? "" : "/"; /* RFC 9110, section 4.2.3 */
    }
    prefix = url + origin_length(url);
    length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/')
        length--;
    if (strncmp(path, prefix, length) != 0 ||
        (!*slash && (path[length] != '/' || is_taken_for_a_host(path + length))))
        return strdup(location);
    return asprintf(&ret, "%s%s", slash, path + length) < 0 ? NULL : ret;
}

/* ---- documents ---- */

/* Whether the answer has no body for certain. */
static bool is_empty(const struct headers *headers)
{
    const char *length = headers_find(headers, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length && strcmp(length, "0") == 0;
}

/* A document that a browser opens through tbproxyd has tbproxyd's origin, so what runs in it could ask for
 * anything. Whoever may store an image or a file on the server must not get there. The pages of the API
 * browser are the server's own. */
static bool is_untrusted_document(const struct exchange *exchange, const struct headers *headers)
{
    const char *line;
    unsigned types = 0;

    if (exchange->head.route.kind == ROUTE_FORWARD_PAGE)
        return false;
    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line)) {
        if (!header_is(line, MHD_HTTP_HEADER_CONTENT_TYPE))
            continue;
        if (content_type_is_active(header_value(line)))
            return true;
        types++;
    }
    return types != 1 && !is_empty(headers);
}

/* ---- the credential ---- */

/* The token or API key that TRANSFER was sent with; NULL: none. */
static const char *credential_of(const struct transfer *transfer)
{
    const char *const *line;
    const char *blank;

    for (line = transfer->headers; line && *line; line++) {
        if (!header_is(*line, "X-Authorization"))
            continue;
        blank = strchr(header_value(*line), ' ');
        return blank && blank[1] ? blank + 1 : NULL;
    }
    return NULL;
}

/* ---- all of them ---- */

static void copy_line(struct response response, const struct exchange *exchange, const char *line)
{
    size_t length = strcspn(line, ":");
    CLEANUP(free_pointer) char *local = NULL;
    char name[NAME_MAX_BYTES];

    if (length >= sizeof(name))
        return;
    memcpy(name, line, length);
    name[length] = '\0';
    if (header_is(line, MHD_HTTP_HEADER_LOCATION))
        local = local_location(exchange, header_value(line));
    response_add(response, name, local ? local : header_value(line));
}

/* Connection before the others: response.h says why. */
void reply_headers_copy(struct response response, const struct exchange *exchange,
                        const struct transfer *transfer)
{
    const struct headers *headers = &transfer->response;
    const char *connection = headers_find(headers, MHD_HTTP_HEADER_CONNECTION), *line;
    const char *credential = credential_of(transfer);
    bool is_sandboxed = is_untrusted_document(exchange, headers);

    response_add_close(response, exchange);
    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line)) {
        if (!filter_response_header(line, connection) || (credential && strstr(line, credential)))
            continue;
        if (!is_sandboxed || !header_is(line, "X-Content-Type-Options"))
            copy_line(response, exchange, line);
    }
    if (is_sandboxed) {
        response_add(response, "Content-Security-Policy", "sandbox");
        response_add(response, "X-Content-Type-Options", "nosniff");
    }
}
