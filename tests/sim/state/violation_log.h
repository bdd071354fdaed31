/* SPDX-License-Identifier: Apache-2.0 */
/* What did not fit the specification, for GET /sim/violations. */
#pragma once

#include <jansson.h>
#include <stdint.h>

enum {
    MAX_VIOLATIONS = 1000, /* kept; the counter goes on */
};

struct violations {
    json_t *list; /* NULL: none */
    uint64_t count;
};

void violations_add(struct violations *v, const char *operation, const char *what);
void violations_clear(struct violations *v);
/* [{"operation":..., "what":...}] */
json_t *violations_json(const struct violations *v);
