/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_report.h"

#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "proxy/spool/spool.h"

#define DAMAGE_TOLD_MS INT64_C(86400000)
#define FULL_TOLD_MS   60000
#define LEFT_MAX_MS    1e12 /* 30 years: it does not become empty */

static struct metrics_spool read_gauges(struct spool *spool)
{
    const struct config *config = spool->services->config;
    struct spool_facts facts = spool_writer_facts(&spool->writer);
    int64_t now_ms = upstream_clock_now_ms(&spool->services->upstream.clock);
    int64_t age_ms = facts.oldest_ms ? now_ms - facts.oldest_ms : 0;

    return (struct metrics_spool){
        .is_on = true,
        .is_open = spool->is_open,
        .waiting = (uint64_t)facts.totals.rows[SPOOL_WAITING],
        .waiting_bytes = (uint64_t)facts.totals.bytes[SPOOL_WAITING],
        .aside = (uint64_t)facts.totals.rows[SPOOL_ASIDE],
        .aside_bytes = (uint64_t)facts.totals.bytes[SPOOL_ASIDE],
        .max_rows = (uint64_t)config->spool.max_rows,
        .max_bytes = (uint64_t)config->spool.max_bytes,
        .oldest_ms = age_ms > 0 ? age_ms : 0,
        .disk_bytes = (uint64_t)facts.disk_bytes,
        .commits = (uint64_t)facts.commits,
    };
}

/* ---- what is wrong ---- */

static void describe_error(const struct spool *spool, struct spool_report *ret)
{
    snprintf(ret->cause, sizeof(ret->cause), "%s: %.200s",
             spool->is_open ? "a write could not be stored" : "the spool cannot be used",
             spool->error.message);
    if (spool->error.code == -ENOSPC)
        snprintf(ret->remedy, sizeof(ret->remedy), "make room on the disk that has %.200s", spool->directory);
}

static void describe_damage(const struct spool *spool, struct spool_report *ret)
{
    char at[CLOCK_TEXT_BYTES];

    clock_format(spool->damaged_ms, at);
    snprintf(ret->cause, sizeof(ret->cause), "the file was damaged or removed at %s, and a new one was begun",
             at);
    snprintf(
        ret->remedy, sizeof(ret->remedy),
        "the log says which; a damaged one is in %.200s: docs/spool.md says how to look for rows in it; check the disk",
        spool->directory);
}

static void describe_full(const struct spool *spool, struct spool_report *ret)
{
    bool drops = spool->services->config->spool.when_full == SPOOL_DROP_OLDEST;

    snprintf(ret->cause, sizeof(ret->cause), "it is full for a user, whose %s",
             drops ? "oldest writes are dropped" : "writes are refused");
    snprintf(ret->remedy, sizeof(ret->remedy),
             "the log says who; raise spool.max_rows or spool.max_bytes, or drop rows with tbproxyctl spool");
}

static bool is_full(const struct spool *spool)
{
    return spool->room.full_ms > 0 && spool->services->loop.now_ms - spool->room.full_ms < FULL_TOLD_MS;
}

enum spool_trouble spool_trouble(const struct services *services)
{
    struct spool *spool = services->spool;

    if (!spool)
        return SPOOL_IS_WELL;
    if (spool->error.code != 0)
        return spool->is_open ? SPOOL_NOT_STORED : SPOOL_UNUSABLE;
    if (is_full(spool))
        return SPOOL_IS_FULL;
    if (spool->damaged_ms && clock_wall_ms() - spool->damaged_ms < DAMAGE_TOLD_MS)
        return SPOOL_DAMAGED;
    return spool_writer_facts(&spool->writer).totals.rows[SPOOL_ASIDE] > 0 ? SPOOL_HAS_ASIDE : SPOOL_IS_WELL;
}

static void describe(const struct spool *spool, enum spool_trouble trouble, struct spool_report *ret)
{
    if (trouble == SPOOL_UNUSABLE || trouble == SPOOL_NOT_STORED) {
        describe_error(spool, ret);
    } else if (trouble == SPOOL_IS_FULL) {
        describe_full(spool, ret);
    } else if (trouble == SPOOL_DAMAGED) {
        describe_damage(spool, ret);
    } else if (trouble == SPOOL_HAS_ASIDE) {
        snprintf(ret->cause, sizeof(ret->cause), "rows were set aside");
        snprintf(ret->remedy, sizeof(ret->remedy),
                 "tbproxyctl spool list --state aside says why; retry or drop them");
    }
    make_printable(ret->cause);
    make_printable(ret->remedy);
}

/* -1: it does not become empty. */
static int64_t left_ms(const struct spool_report *report)
{
    double less_per_s = report->delivered_per_s - report->stored_per_s, ms;

    if (report->gauges.waiting == 0)
        return 0;
    ms = less_per_s > 0 ? (double)report->gauges.waiting * 1000 / less_per_s : LEFT_MAX_MS;
    return ms < LEFT_MAX_MS ? (int64_t)ms : -1;
}

bool spool_report_read(const struct services *services, struct spool_report *ret)
{
    struct spool *spool = services->spool;
    int64_t now_ms = services->loop.now_ms;

    if (!spool)
        return false;
    *ret = (struct spool_report){
        .gauges = read_gauges(spool),
        .stored_per_s = spool_rate_per_s(&spool->stored, now_ms),
        .delivered_per_s = spool_rate_per_s(&spool->delivered, now_ms),
    };
    ret->left_ms = left_ms(ret);
    describe(spool, spool_trouble(services), ret);
    return true;
}

void spool_count(struct services *services, enum metrics_event event, uint64_t rows)
{
    struct spool *spool = services->spool;

    metrics_count(services->metrics, event, rows);
    if (event == METRICS_SPOOL_STORED)
        spool_rate_count(&spool->stored, services->loop.now_ms, rows);
    else if (event == METRICS_SPOOL_DELIVERED)
        spool_rate_count(&spool->delivered, services->loop.now_ms, rows);
}
