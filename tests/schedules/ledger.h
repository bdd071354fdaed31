/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs wrote and were told, and what the server has executed. Each write has a mark, which is its
 * value. A program writes to keys of its own, one write after the other: t and its number for telemetry, a
 * for attributes.
 */
#ifndef TB_TESTS_LEDGER_H
#define TB_TESTS_LEDGER_H

#include "../fuzz/fuzz.h"
#include "base/util.h"

#define LEDGER_WRITES   4096
#define LEDGER_PROGRAMS 8
#define LEDGER_KEYS     2 /* of a program: telemetry, attributes */

enum write_kind {
    WRITE_STAMPED, /* with a time of its own: WRITE_EPOCH_MS and the mark */
    WRITE_BARE,
    WRITE_ARRAY,
    WRITE_POISONED, /* with a second value, which the server refuses */
    WRITE_ATTRIBUTE,
    DELETE_TELEMETRY, /* all of it */
    DELETE_ATTRIBUTE,
    WRITE_KINDS,
};

#define WRITE_EPOCH_MS INT64_C(1600000000000)

struct write {
    enum write_kind kind;
    unsigned program;
    int64_t asked_ms, answered_ms; /* the server's clock */
    int status;                    /* 0: there was no answer */
    bool is_asked;
    /* What the server has executed: */
    unsigned times;
    int64_t stored_ms; /* of telemetry, the time of the value */
    bool is_deleted;   /* after it was stored last */
};

/* As must(), with a text. Not Check's, which measures the time of a test, and does not bear one of days. */
#define must_say(kept, ...) ((kept) ? (void)0 : ledger_fail(__VA_ARGS__))
void ledger_fail(const char *format, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

void ledger_clear(void);

/* Returns the mark of a new write; 0: there is no room. */
unsigned ledger_add(enum write_kind kind, unsigned program, int64_t now_ms);
struct write *ledger_write(unsigned mark);

static inline bool write_is_attribute(enum write_kind kind)
{
    return kind == WRITE_ATTRIBUTE || kind == DELETE_ATTRIBUTE;
}

static inline bool write_is_delete(enum write_kind kind)
{
    return kind == DELETE_TELEMETRY || kind == DELETE_ATTRIBUTE;
}

/* The server stores MARK as the value of KEY ("t0", "a3"), which is one of program's key. */
void ledger_store(const char *key, unsigned mark, int64_t time_ms);
void ledger_delete(const char *key);

/* Whether everything that was acknowledged has come. */
bool ledger_is_settled(void);

/* Ends the test unless nothing is lost, doubled, at another time or, if IS_STRICT, was ever overwritten by
 * something older. */
void ledger_check(bool is_strict);

/* Of all runs. */
struct ledger_counts {
    unsigned writes, stored, taken, unknown, repeated; /* 200, 202, no answer; sent again */
};

extern struct ledger_counts ledger_counts;

#endif
