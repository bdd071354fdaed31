/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/metrics/page.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"

static void put(struct page *page, const char *text)
{
    if (page->result == 0)
        page->result = buf_append_string(page->out, text);
}

static void put_number(struct page *page, uint64_t number)
{
    char text[24];
    char *digit = text + sizeof(text) - 1;

    *digit = '\0';
    do
        *--digit = (char)('0' + number % 10);
    while (number /= 10);
    put(page, digit);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void put_comment(struct page *page, const char *kind, const char *text)
{
    put(page, kind);
    put(page, page->family);
    if (!page->is_openmetrics)
        put(page, page->suffix);
    put(page, " ");
    put(page, text);
    put(page, "\n");
}

/* "seconds" or "bytes", which the name ends with; NULL: it has none. */
static const char *unit_of(const char *name)
{
    static const char *const units[] = {"seconds", "bytes"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(units); i++)
        if (ends_with(name, units[i]))
            return units[i];
    return NULL;
}

void page_family(struct page *page, enum page_type type, const char *name, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    page->family = name;
    page->suffix = type == PAGE_COUNTER ? "_total" : "";
    put_comment(page, "# HELP ", help);
    put_comment(page, "# TYPE ", types[type]);
    if (page->is_openmetrics && unit_of(name))
        put_comment(page, "# UNIT ", unit_of(name));
}

void page_sample(struct page *page, const char *part)
{
    put(page, page->family);
    put(page, part ? part : page->suffix);
    page->is_in_labels = false;
}

/* With a backslash in front of what the formats say. */
static void put_escaped(struct page *page, const char *value)
{
    char part[3] = "\\";

    for (; value[strcspn(value, "\\\"\n")]; value++) {
        size_t length = strcspn(value, "\\\"\n");

        if (page->result == 0)
            page->result = buf_append(page->out, value, length);
        value += length;
        part[1] = *value == '\n' ? 'n' : *value;
        put(page, part);
    }
    put(page, value);
}

void page_label(struct page *page, const char *name, const char *value)
{
    put(page, page->is_in_labels ? "," : "{");
    page->is_in_labels = true;
    put(page, name);
    put(page, "=\"");
    put_escaped(page, value);
    put(page, "\"");
}

static void begin_value(struct page *page)
{
    put(page, page->is_in_labels ? "} " : " ");
}

void page_number(struct page *page, uint64_t value)
{
    begin_value(page);
    put_number(page, value);
    put(page, "\n");
}

void page_micro(struct page *page, uint64_t millionths)
{
    char fraction[16];

    begin_value(page);
    put_number(page, millionths / 1000000);
    snprintf(fraction, sizeof(fraction), ".%06u\n", (unsigned)(millionths % 1000000));
    put(page, fraction);
}

void page_real(struct page *page, double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.6g\n", value);
    begin_value(page);
    put(page, text);
}

void page_one(struct page *page, enum page_type type, const char *name, const char *help, uint64_t value)
{
    page_family(page, type, name, help);
    page_sample(page, NULL);
    page_number(page, value);
}

void page_end(struct page *page)
{
    if (page->is_openmetrics)
        put(page, "# EOF\n");
}
