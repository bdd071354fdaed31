/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/http/servlet_request.h"

#include <stdlib.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes N bytes; NULL if an escape is incomplete or means NUL. */
static char *percent_decode(const char *s, size_t n, bool plus)
{
    struct buf b = XBUF_INIT;

    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (c == '+' && plus)
            c = ' ';
        if (c == '%') {
            int hi = i + 2 < n ? hex_value(s[i + 1]) : -1;
            int lo = i + 2 < n ? hex_value(s[i + 2]) : -1;

            if (hi < 0 || lo < 0 || (hi == 0 && lo == 0)) {
                buf_free(&b);
                return NULL;
            }
            c = (char)((hi << 4) | lo);
            i += 2;
        }
        xbuf_append_byte(&b, c);
    }
    return xbuf_take(&b, NULL);
}

/* Tomcat answers "|", %2F in the path, and whatever RFC 3986 does not allow with a page of its own. */
static bool has_forbidden(const char *target, size_t path_len)
{
    for (size_t i = 0; target[i]; i++) {
        unsigned char c = (unsigned char)target[i];

        if (c <= 0x20 || c >= 0x7f || strchr("\"#<>\\^`{|}", c))
            return true;
        if (i < path_len &&
            (strncasecmp(target + i, "%2f", 3) == 0 || strncasecmp(target + i, "%5c", 3) == 0))
            return true;
    }
    return false;
}

static enum target_error parse_path(struct request *rq)
{
    const char *s = rq->path;

    if (*s != '/')
        return TARGET_TOMCAT_400;
    if (strstr(s, "//") || strchr(s, ';'))
        return TARGET_SPRING_400;
    rq->trailing_slash = s[1] != '\0' && ends_with(s, "/");
    while (*s == '/' && s[1] != '\0') {
        const char *end = strchrnul(s + 1, '/');
        char *segment = percent_decode(s + 1, (size_t)(end - s - 1), false);

        if (!segment)
            return TARGET_TOMCAT_400;
        if (rq->n_segments == SEGMENTS_MAX || streq(segment, ".") || streq(segment, "..")) {
            free(segment);
            return TARGET_SPRING_400;
        }
        rq->segments[rq->n_segments++] = segment;
        s = end;
    }
    return TARGET_OK;
}

static void parse_query(struct request *rq, const char *query)
{
    while (*query && rq->n_params < PARAMS_MAX) {
        const char *end = strchrnul(query, '&');
        const char *eq = memchr(query, '=', (size_t)(end - query));
        const char *name_end = eq ? eq : end;
        char *name = percent_decode(query, (size_t)(name_end - query), true);
        char *value = eq ? percent_decode(eq + 1, (size_t)(end - eq - 1), true) : xstrdup("");

        if (name && value && end > query) {
            rq->params[rq->n_params++] = (struct param){name, value};
        } else {
            free(name); /* Tomcat ignores a parameter that it cannot decode */
            free(value);
        }
        query = *end ? end + 1 : end;
    }
}

void request_parse_target(struct request *rq)
{
    const char *question = strchrnul(rq->target, '?');
    size_t path_len = (size_t)(question - rq->target);

    rq->path = xstrndup(rq->target, path_len);
    rq->target_error = has_forbidden(rq->target, path_len) ? TARGET_TOMCAT_400 : parse_path(rq);
    if (rq->target_error == TARGET_OK && *question)
        parse_query(rq, question + 1);
}

void request_free(struct request *rq)
{
    free(rq->method);
    free(rq->target);
    free(rq->path);
    for (size_t i = 0; i < rq->n_segments; i++)
        free(rq->segments[i]);
    for (size_t i = 0; i < rq->n_params; i++) {
        free(rq->params[i].name);
        free(rq->params[i].value);
    }
    buf_free(&rq->body);
    json_decref(rq->json);
    free(rq);
}

const char *request_header(const struct request *rq, const char *name)
{
    return MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, name);
}

const char *request_param(const struct request *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_params; i++) {
        if (strcmp(rq->params[i].name, name) == 0)
            return rq->params[i].value;
    }
    return NULL;
}

bool request_flag(const struct request *rq, const char *name)
{
    const char *v = request_param(rq, name);

    return v && strcasecmp(v, "true") == 0;
}

json_t *request_list(const struct request *rq, const char *name)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rq->n_params; i++) {
        if (strcmp(rq->params[i].name, name) != 0)
            continue;
        for (const char *s = rq->params[i].value; *s;) {
            const char *end = strchrnul(s, ',');
            CLEANUP(free_pointer) char *part = xstrndup(s, (size_t)(end - s));

            if (*part)
                json_array_append_new(list, json_text(part));
            s = *end ? end + 1 : end;
        }
    }
    return list;
}
