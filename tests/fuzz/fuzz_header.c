/* SPDX-License-Identifier: Apache-2.0 */
/* Values of headers: what is read is in its bounds, does not depend on other members of a list or on case,
 * and no header passes that never may. */
#include <ctype.h>
#include <stdio.h>

#include "base/util.h"
#include "fuzz.h"
#include "http/content_type.h"
#include "http/field_line.h"
#include "http/header_filter.h"
#include "http/headers.h"
#include "http/preference.h"
#include "upstream/retry.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1795415381000)

/* LATER is the same value after another member. */
static void check_preferences(const char *value, const char *later)
{
    static const char type[] = "application/openmetrics-text", parameter[] = "version=1.0.0";
    int urgency = preference_urgency(value), quality = preference_quality(value, type, parameter);
    int64_t wait_ms = preference_wait_ms(value);

    must(urgency >= -1 && urgency <= 7 && urgency == preference_urgency(later));
    must(wait_ms >= -1 && wait_ms <= PREFERENCE_WAIT_MAX_MS && wait_ms == preference_wait_ms(later));
    must(quality >= 0 && quality <= 1000 && quality == preference_quality(later, type, parameter));
}

static void check_times(const char *value)
{
    int64_t wait_ms = retry_after_ms(value, NOW_MS), date_s = header_date_s(value);

    must(wait_ms >= -1 && wait_ms <= DAY_MS);
    must(date_s >= -1 && date_s <= INT64_C(253402300799));
    must(retry_after_ms(value, NOW_MS + DAY_MS) <= wait_ms);
    if (!isdigit((unsigned char)*value))
        must((wait_ms < 0) == (date_s < 0));
}

static void check_content_type(const char *type)
{
    char *other = strdup(type), *c;
    bool is_active = content_type_is_active(type);

    for (c = other; *c; c++)
        *c = (char)(islower((unsigned char)*c) ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
    must(content_type_is_active(other) == is_active);
    must(is_active || (strncasecmp(type, "text/html", 9) != 0 && !strcasestr(type, "svg+xml")));
    free(other);
}

static void check_filter(const char *name, const char *line)
{
    static const char *const never[] = {"Authorization", "X-Authorization",   "Cookie", "Host",
                                        "Connection",    "Transfer-Encoding", "Origin", "Content-Length"};
    size_t i;

    must(!filter_request_header(name, name, name) && !filter_response_header(line, name));
    for (i = 0; i < ARRAY_SIZE(never); i++)
        must(strcasecmp(name, never[i]) != 0 || !filter_request_header(name, name, NULL));
    if (strncasecmp(name, "Access-Control-", 15) == 0 || strcasecmp(name, "Set-Cookie") == 0 ||
        strcasecmp(name, "Transfer-Encoding") == 0)
        must(!filter_response_header(line, NULL));
}

/* What is taken for a line is one, whatever it is added to. */
static void check_line(const char *line, size_t length)
{
    struct headers headers = HEADERS_INIT;
    struct field_line field, again;
    const char *added, *value;
    char name[256];

    if (field_line_split(line, length, &field) || field.name_length >= sizeof(name))
        return;
    snprintf(name, sizeof(name), "%.*s", (int)field.name_length, field.name);
    must(headers_add(&headers, "A", 1, "b", 1) == 0);
    must(headers_add(&headers, name, field.name_length, field.value, field.value_length) == 0);
    added = headers_next(&headers, headers_next(&headers, NULL));
    must(added && !headers_next(&headers, added));
    must(field_line_split(added, strlen(added), &again) == NULL && again.value_length == field.value_length);
    value = strcasecmp(name, "A") == 0 ? NULL : headers_find(&headers, name);
    must(!value || (value == again.value && !strpbrk(value, "\r\n") && !isblank((unsigned char)*value)));
    check_filter(name, added);
    must(headers_replace(&headers, name, "c") == 0 && strcmp(headers_find(&headers, name), "c") == 0);
    headers_free(&headers);
}

/* The input: a value, or a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = fuzz_text("", data, size), *later = fuzz_text("x=1;u=3,", data, size);

    check_preferences(value, later);
    check_times(value);
    check_content_type(value);
    if (*value)
        check_line(value, strlen(value));
    free(value);
    free(later);
    return 0;
}
