/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text formats of Prometheus (0.0.4) and OpenMetrics (1.0). They differ in the comments: OpenMetrics
 * names a counter's family without "_total", says its unit, and ends the page. A full page has thousands of
 * lines, so printf() would be too slow.
 */
#ifndef TB_PROXY_METRICS_PAGE_H
#define TB_PROXY_METRICS_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Nothing is appended after the first error. */
struct page {
    struct buf *out;
    int result;
    bool is_openmetrics;
    const char *family;
    const char *suffix; /* of its samples; "" or "_total" */
    bool is_in_labels;
};

enum page_type { PAGE_COUNTER, PAGE_GAUGE, PAGE_HISTOGRAM };

/* Begins a family. NAME has no "_total"; HELP needs no escaping. */
void page_family(struct page *page, enum page_type type, const char *name, const char *help);

/* Begins a sample of the family; PART: of a histogram, "_bucket", "_sum" or "_count"; otherwise NULL. Then
 * come its labels, and one of the functions for its value. */
void page_sample(struct page *page, const char *part);
void page_label(struct page *page, const char *name, const char *value);
void page_number(struct page *page, uint64_t value);
void page_micro(struct page *page, uint64_t millionths);
void page_real(struct page *page, double value);

/* A family of one sample without labels. */
void page_one(struct page *page, enum page_type type, const char *name, const char *help, uint64_t value);

void page_end(struct page *page);

#endif
