/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/json/exact_number.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/base/memory.h"
#include "sim/json/java_json.h"

#define MARK         "\xff"    /* before the text of a number, in memory: never part of UTF-8 */
#define MARK_IN_JSON "\\u0001" /* the same in a text that jansson is to read */

const char *number_text(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && text[0] == MARK[0] ? text + 1 : NULL;
}

json_t *number_of_text(const char *text, size_t n)
{
    CLEANUP(free_pointer) char *marked = xasprintf(MARK "%.*s", (int)n, text);

    return json_stringn_nocheck(marked, strlen(marked));
}

/* --- reading: the text that jansson is given, its numbers as strings --- */

struct reader {
    const char *at;
    const char *end;
    bool lenient;
    struct buf out;
};

static const char *skip_digits(const char *p)
{
    return p + strspn(p, "0123456789");
}

/* RFC 8259, section 6. */
static bool is_number(const char *token)
{
    const char *p = token + (*token == '-');
    const char *after = *p == '0' ? p + 1 : skip_digits(p);

    if (after == p)
        return false;
    if (*after == '.') {
        p = after + 1;
        after = skip_digits(p);
        if (after == p)
            return false;
    }
    if (*after == 'e' || *after == 'E') {
        p = after + 1 + (after[1] == '+' || after[1] == '-');
        after = skip_digits(p);
        if (after == p)
            return false;
    }
    return *after == '\0';
}

static void add_string_byte(struct buf *out, char c)
{
    if ((unsigned char)c < 0x20) /* Gson takes control bytes as they are */
        xbuf_append_format(out, "\\u%04x", (unsigned char)c);
    else
        xbuf_append_byte(out, c);
}

static void copy_string(struct reader *r)
{
    char quote = *r->at++;

    xbuf_append_byte(&r->out, '"');
    while (r->at < r->end && *r->at != quote) {
        bool escape = *r->at == '\\' && r->at + 1 < r->end;

        if (escape && r->at[1] == '\'') { /* an escape of Gson's, not of JSON */
            r->at++;
        } else if (escape) {
            xbuf_append_byte(&r->out, *r->at++);
        } else if (*r->at == '"') {
            xbuf_append_byte(&r->out, '\\');
        }
        if (r->lenient)
            add_string_byte(&r->out, *r->at++);
        else
            xbuf_append_byte(&r->out, *r->at++);
    }
    if (r->at < r->end) {
        xbuf_append_byte(&r->out, '"');
        r->at++;
    }
}

static bool is_keyword(const char *token, bool lenient)
{
    static const char *const keywords[] = {"true", "false", "null"};

    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
        if (lenient ? strcasecmp(token, keywords[i]) == 0 : streq(token, keywords[i]))
            return true;
    }
    return false;
}

/* Whether a colon follows, which makes what was read last a name. */
static bool is_name(const struct reader *r)
{
    const char *p = r->at;

    while (p < r->end && strchr(" \t\r\n", *p))
        p++;
    return p < r->end && *p == ':';
}

static void copy_word(struct reader *r)
{
    size_t n = 0;

    while (r->at + n < r->end && r->at[n] != '\0' && !strchr("{}[]:,; \t\r\n\"'=#/\\", r->at[n]))
        n++;
    n += n == 0; /* a byte that no token begins with */
    CLEANUP(free_pointer) char *word = xstrndup(r->at, n);
    r->at += n;
    if (is_keyword(word, r->lenient) && !is_name(r)) {
        for (char *c = word; *c; c++)
            xbuf_append_byte(&r->out, (char)(*c | 0x20));
    } else if (is_number(word) && !is_name(r)) {
        xbuf_append_format(&r->out, "\"" MARK_IN_JSON "%s\"", word);
    } else if (r->lenient && n > 0 && !strchr("=;#/\\", word[0])) {
        xbuf_append_format(&r->out, "\"%s\"", word);
    } else {
        xbuf_append_string(&r->out, word);
    }
}

/* Takes VALUE over and marks the strings in it that stand for numbers. */
static json_t *mark(json_t *value)
{
    const char *key;
    json_t *member;
    void *next;

    if (json_is_string(value) && json_string_value(value)[0] == '\1' &&
        is_number(json_string_value(value) + 1)) {
        json_t *number = number_of_text(json_string_value(value) + 1, json_string_length(value) - 1);

        json_decref(value);
        return number;
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        json_array_set_new(value, i, mark(json_incref(json_array_get(value, i))));
    json_object_foreach_safe(value, next, key, member)
        json_object_set_new_nocheck(value, key, mark(json_incref(member)));
    return value;
}

json_t *numbers_read(const char *data, size_t n, bool lenient, json_error_t *ret_error)
{
    struct reader r = {.at = data, .end = data + n, .lenient = lenient, .out = XBUF_INIT};
    json_error_t error;

    while (r.at < r.end) {
        if (*r.at == '"' || (lenient && *r.at == '\''))
            copy_string(&r);
        else if (strchr("{}[]:, \t\r\n", *r.at) && *r.at != '\0')
            xbuf_append_byte(&r.out, *r.at++);
        else
            copy_word(&r);
    }
    json_t *value = json_loadb(r.out.data ? r.out.data : "", r.out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                               ret_error ? ret_error : &error);
    buf_free(&r.out);
    return value ? mark(value) : NULL;
}

static json_t *jansson_number(const char *text, bool exact)
{
    char *end;

    errno = 0;
    long long whole = strtoll(text, &end, 10);
    bool fits = errno == 0 && *end == '\0';
    double real = strtod(text, NULL);
    json_t *number = fits                                     ? json_integer(whole)
                     : isfinite(real) && strpbrk(text, ".eE") ? json_real(real)
                                                              : NULL;

    if (!number || !exact)
        return number;
    CLEANUP(free_pointer) char *written = java_json_text(number, NULL);
    if (streq(written, text))
        return number;
    json_decref(number);
    return NULL;
}

json_t *numbers_simplify(json_t *value, bool exact)
{
    const char *text = number_text(value);
    json_t *number = text ? jansson_number(text, exact) : NULL;
    const char *key;
    json_t *member;
    void *next;

    if (number) {
        json_decref(value);
        return number;
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        json_array_set_new(value, i, numbers_simplify(json_incref(json_array_get(value, i)), exact));
    json_object_foreach_safe(value, next, key, member)
        json_object_set_new_nocheck(value, key, numbers_simplify(json_incref(member), exact));
    return value;
}

/* --- arithmetic --- */

int decimal_parse(const char *text, struct decimal *ret)
{
    const char *exponent = strpbrk(text, "eE");
    struct buf digits = XBUF_INIT;
    struct decimal d = {.negative = *text == '-', .has_exponent = exponent != NULL};
    long power = 0;

    errno = 0;
    if (exponent)
        power = strtol(exponent + 1, NULL, 10);
    if (errno != 0 || power > INT_MAX || power < INT_MIN)
        return -ERANGE;
    for (const char *p = text + (*text == '-'); *p && p != exponent; p++) {
        if (*p == '.') {
            d.has_point = true;
            continue;
        }
        d.scale += d.has_point;
        if (*p != '0' || digits.len > 0)
            xbuf_append_byte(&digits, *p);
    }
    if (digits.len == 0) {
        xbuf_append_byte(&digits, '0');
        d.negative = false; /* BigDecimal has no negative zero */
    }
    d.scale -= power;
    d.digits = xbuf_take(&digits, NULL);
    *ret = d;
    return 0;
}

void decimal_free(struct decimal *d)
{
    free(d->digits);
    d->digits = NULL;
}

bool decimal_is_whole(const struct decimal *d)
{
    size_t n = strlen(d->digits);
    long zeros = 0;

    while (zeros < (long)n && d->digits[n - 1 - (size_t)zeros] == '0')
        zeros++;
    return zeros == (long)n || d->scale <= zeros;
}

char *decimal_plain(const struct decimal *d)
{
    size_t n = strlen(d->digits);
    struct buf out = XBUF_INIT;

    if (streq(d->digits, "0") && d->scale <= 0)
        return xstrdup("0");
    if (d->scale < -PLAIN_MAX || d->scale > PLAIN_MAX || n > PLAIN_MAX)
        return NULL;
    if (d->negative)
        xbuf_append_byte(&out, '-');
    if (d->scale <= 0) {
        xbuf_append_string(&out, d->digits);
        for (long i = d->scale; i < 0; i++)
            xbuf_append_byte(&out, '0');
        return xbuf_take(&out, NULL);
    }
    size_t scale = (size_t)d->scale;
    xbuf_append_format(&out, "%.*s.", n > scale ? (int)(n - scale) : 1, n > scale ? d->digits : "0");
    for (size_t i = n; i < scale; i++)
        xbuf_append_byte(&out, '0');
    xbuf_append_string(&out, d->digits + (n > scale ? n - scale : 0));
    return xbuf_take(&out, NULL);
}
