/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that a test injects: what happens to which request, and how often. */
#ifndef TB_SIM_INJECTED_FAULTS_H
#define TB_SIM_INJECTED_FAULTS_H

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
    char *path;   /* prefix of the target as it was sent */
    int64_t ms;
    int status;
    char *retry_after;
    char *body;
    char *location;
    bool executed;  /* the fault hits the answer: the request is carried out first */
    int64_t count;  /* 0 = until cleared */
    int64_t skip;   /* matching requests that pass first */
    int64_t chance; /* it hits so many of 100 matching requests, at random */
    char *has;      /* a text in the body; NULL = any body */
};

struct faults {
    struct fault *list;
    size_t n;
    uint64_t random;
};

/* Adds the fault that a JSON object describes (README.md). -EINVAL. */
int faults_add(struct faults *faults, const json_t *description);
/* Whether the target reports the server's edition or version. tbproxyd asks for them at a time that a test
 * cannot know, so such requests are counted apart, not listed, and hit only by faults that name them. */
bool is_server_probe(const char *target);
struct fault_request {
    const char *method, *target;
    const char *body;
    size_t body_length;
};
/* Takes the first fault that matches; false if there is none. Freed with fault_free(). */
bool faults_match(struct faults *faults, const struct fault_request *request, struct fault *ret);
/* Removes all but the first N. */
void faults_keep(struct faults *faults, size_t n);
void faults_clear(struct faults *faults);
void fault_free(struct fault *fault);

#endif
