/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_MS 1500 /* of a stamp: the server tells its time in whole seconds */

struct key {
    unsigned value;  /* the mark; 0: none */
    unsigned latest; /* the latest mark that it ever was */
    bool has_turned_back;
};

static struct write writes[LEDGER_WRITES];
static unsigned count;
static struct key keys[LEDGER_PROGRAMS][LEDGER_KEYS];

struct ledger_counts ledger_counts;

void ledger_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

void ledger_clear(void)
{
    memset(writes, 0, sizeof(writes));
    memset(keys, 0, sizeof(keys));
    count = 0;
}

unsigned ledger_add(enum write_kind kind, unsigned program, int64_t now_ms)
{
    if (count == LEDGER_WRITES - 1)
        return 0;
    writes[++count] = (struct write){.kind = kind, .program = program, .asked_ms = now_ms, .is_asked = true};
    return count;
}

struct write *ledger_write(unsigned mark)
{
    must(mark > 0);
    must(mark <= count);
    return &writes[mark];
}

/* ---- the server ---- */

static struct key *find_key(const char *name)
{
    unsigned program = (unsigned)strtoul(name + 1, NULL, 10);

    must(name[0] == 't' || name[0] == 'a');
    must(program < LEDGER_PROGRAMS);
    return &keys[program][name[0] == 'a'];
}

void ledger_store(const char *name, unsigned mark, int64_t time_ms)
{
    struct write *write = ledger_write(mark);
    struct key *key = find_key(name);

    must_say(strtoul(name + 1, NULL, 10) == write->program && !write_is_delete(write->kind) &&
                 (name[0] == 'a') == write_is_attribute(write->kind),
             "%u is stored as %s", mark, name);
    if (write->times > 0 && !write_is_attribute(write->kind) && !write->is_deleted)
        must_say(write->stored_ms == time_ms, "%u is stored at %lld and at %lld", mark,
                 (long long)write->stored_ms, (long long)time_ms);
    ledger_counts.repeated += write->times > 0;
    write->times++;
    write->stored_ms = time_ms;
    write->is_deleted = false;
    if (mark < key->latest && write_is_attribute(write->kind))
        key->has_turned_back = true;
    if (mark > key->latest)
        key->latest = mark;
    key->value = mark;
}

void ledger_delete(const char *name)
{
    struct key *key = find_key(name);
    unsigned mark;

    for (mark = 1; mark <= count; mark++)
        if (&keys[writes[mark].program][write_is_attribute(writes[mark].kind)] == key &&
            writes[mark].times > 0)
            writes[mark].is_deleted = true;
    key->value = 0;
}

/* ---- the comparison ---- */

static bool is_acknowledged(const struct write *write)
{
    return write->status == 200 || write->status == 202;
}

static bool has_same_key(const struct write *a, const struct write *b)
{
    return a->program == b->program && write_is_attribute(a->kind) == write_is_attribute(b->kind);
}

/* What was deleted after WRITE: it may be, or it must be. */
struct deletion {
    bool is_possible, is_certain;
};

static struct deletion find_deletion(const struct write *write)
{
    struct deletion found = {0};
    const struct write *next;

    for (next = write + 1; next <= &writes[count]; next++) {
        if (!has_same_key(write, next) || !write_is_delete(next->kind))
            continue;
        found.is_possible = true;
        found.is_certain |= is_acknowledged(next);
    }
    return found;
}

/* Returns what is wrong with a write of telemetry for good, or until it is delivered (IS_LOST), or NULL. */
static const char *judge_telemetry(const struct write *write, bool *is_lost)
{
    struct deletion deletion = find_deletion(write);
    int64_t own_ms = WRITE_EPOCH_MS + (write - writes);

    *is_lost = false;
    if (write->times == 0 && is_acknowledged(write)) {
        *is_lost = !deletion.is_certain || write->status == 202;
        return *is_lost ? "is lost" : NULL;
    }
    if (write->times == 0)
        return NULL;
    if (write->is_deleted && !deletion.is_possible)
        return "was deleted before it was written";
    if (!write->is_deleted && deletion.is_certain && is_acknowledged(write))
        return "came back after it was deleted";
    if (write->kind == WRITE_BARE)
        return write->stored_ms < write->asked_ms - SLACK_MS ||
                       write->stored_ms > write->answered_ms + SLACK_MS
                   ? "has another time"
                   : NULL;
    return write->stored_ms != own_ms ? "has another time" : NULL;
}

/* Whether VALUE, a mark or 0, may be that of PROGRAM's attribute: the last that was acknowledged, or one that
 * came after it. */
static bool attribute_is_right(unsigned program, unsigned value)
{
    unsigned mark, last = 0;
    bool is_right = false;

    for (mark = 1; mark <= count; mark++)
        if (writes[mark].program == program && write_is_attribute(writes[mark].kind) &&
            is_acknowledged(&writes[mark]))
            last = mark;
    for (mark = last ? last : 1; mark <= count; mark++)
        if (writes[mark].program == program && write_is_attribute(writes[mark].kind))
            is_right |= value == (writes[mark].kind == WRITE_ATTRIBUTE ? mark : 0);
    return is_right || (last == 0 && value == 0);
}

bool ledger_is_settled(void)
{
    unsigned mark, program;
    bool is_lost;

    for (mark = 1; mark <= count; mark++) {
        if (write_is_delete(writes[mark].kind) || write_is_attribute(writes[mark].kind))
            continue;
        judge_telemetry(&writes[mark], &is_lost);
        if (is_lost)
            return false;
    }
    for (program = 0; program < LEDGER_PROGRAMS; program++)
        if (!attribute_is_right(program, keys[program][1].value))
            return false;
    return true;
}

static void check_write(unsigned mark)
{
    const struct write *write = &writes[mark];
    const char *wrong;
    bool is_lost;

    if (write_is_delete(write->kind) || write_is_attribute(write->kind))
        return;
    wrong = judge_telemetry(write, &is_lost);
    must_say(!wrong,
             "write %u (kind %d of program %u, status %d, stored %u times, at %lld, asked at %lld) %s", mark,
             write->kind, write->program, write->status, write->times, (long long)write->stored_ms,
             (long long)write->asked_ms, wrong);
}

void ledger_check(bool is_strict)
{
    unsigned mark, program;

    for (mark = 1; mark <= count; mark++) {
        check_write(mark);
        ledger_counts.writes++;
        ledger_counts.stored += writes[mark].status == 200;
        ledger_counts.taken += writes[mark].status == 202;
        ledger_counts.unknown += writes[mark].status == 0;
    }
    for (program = 0; program < LEDGER_PROGRAMS; program++) {
        const struct key *key = &keys[program][1];

        must_say(attribute_is_right(program, key->value), "attribute a%u is %u at last", program, key->value);
        must_say(!is_strict || !key->has_turned_back, "attribute a%u was overwritten by an older value",
                 program);
    }
}
