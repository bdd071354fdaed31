/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the spool, for the status and the metrics.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_REPORT_H
#define TB_PROXY_SPOOL_SPOOL_REPORT_H

#include "proxy/exchange/services.h"
#include "proxy/metrics/gauges.h"

enum spool_trouble {
    SPOOL_IS_WELL,
    SPOOL_UNUSABLE,   /* there is no file */
    SPOOL_NOT_STORED, /* the last write could not be */
    SPOOL_IS_FULL,    /* for somebody, in the last minute */
    SPOOL_DAMAGED,    /* the file was, lately */
    SPOOL_HAS_ASIDE,  /* rows were set aside */
};

struct spool_report {
    struct metrics_spool gauges;
    double stored_per_s, delivered_per_s;
    int64_t left_ms;                  /* until it is empty, if that goes on; -1: it does not become empty */
    char cause[TB_ERROR_MESSAGE_MAX]; /* what is wrong with it; "": nothing */
    char remedy[TB_ERROR_MESSAGE_MAX];
};

/* False: there is no spool. */
bool spool_report_read(const struct services *services, struct spool_report *ret);

/* What is wrong with it, as in its report; nothing if there is none. Cheap enough for each turn of the loop.
 */
enum spool_trouble spool_trouble(const struct services *services);

/* Counts EVENT, which happened to so many ROWS; what was stored and what was delivered, in a second, too. */
void spool_count(struct services *services, enum metrics_event event, uint64_t rows);

#endif
