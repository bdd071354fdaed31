/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that a test asks for: which request meets which misfortune, and how often. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_DELAY,
    FAULT_HOLD, /* until POST /sim/release */
    FAULT_STATUS,
    FAULT_RESET,
    FAULT_CLOSE,
    FAULT_HALF,
};

struct fault {
    enum fault_kind kind;
    char *method; /* NULL = any */
    char *path;   /* prefix of the raw target */
    int64_t ms;
    int status;
    char *retry_after;
    char *body;
    char *location;
    bool executed; /* carry the request out, then misbehave; of a hold: the answer is held, not the request */
    int64_t count; /* 0 = until cleared */
    int64_t skip;  /* requests to let through first */
};

struct faults {
    struct fault *list;
    size_t n;
};

/* Adds the fault that a JSON object describes; false: it describes none. */
bool faults_add(struct faults *faults, const json_t *description);
/* Whether TARGET is one of those that tell the server's edition and version. tbproxyd asks for them by
 * itself, at a time that a test does not know: they are counted apart and not listed, and get only faults
 * that name them. */
bool is_edition_probe(const char *target);
/* The first fault that matches; false: none. *ret is the caller's (fault_free). */
bool faults_match(struct faults *faults, const char *method, const char *target, struct fault *ret);
void faults_clear(struct faults *faults);
void fault_free(struct fault *fault);
