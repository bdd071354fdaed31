/* SPDX-License-Identifier: Apache-2.0 */
/* Violations of the specification, for GET /sim/violations. */
#ifndef TB_SIM_VIOLATION_LOG_H
#define TB_SIM_VIOLATION_LOG_H

#include <jansson.h>
#include <stdint.h>

enum {
    VIOLATIONS_MAX = 1000, /* in the list; the counter goes on */
};

struct violations {
    json_t *list; /* NULL: none */
    uint64_t count;
};

void violations_add(struct violations *v, const char *operation, const char *what);
void violations_clear(struct violations *v);
/* [{"operation":..., "what":...}] */
json_t *violations_json(const struct violations *v);

#endif
