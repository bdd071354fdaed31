/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of Prometheus' text format (version 0.0.4), as strict as tbproxyd's own page should be.
 */
#ifndef TB_UNIT_PROMETHEUS_H
#define TB_UNIT_PROMETHEUS_H

#include <stddef.h>

/* Every line has the format, each family has its two comments and its samples behind them, histograms are
 * whole and never fall, and nothing is in the page twice. */
void assert_prometheus(const char *page, size_t length);

#endif
