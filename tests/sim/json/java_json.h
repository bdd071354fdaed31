/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out: jansson reads; our own writer prints, so that 22.4 stays 22.4. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/memory.h"

/* Any JSON value, NULL if it is none; *ret_error says why (may be NULL). */
json_t *json_read(const char *data, size_t n, json_error_t *ret_error);

void json_write(struct buf *out, const json_t *value);

/* The shortest decimal form that reads back as the same double. */
void double_to_text(double v, char *ret, size_t n);

/* A JSON string of any bytes (bytes_to_utf8). */
json_t *json_text(const char *s);

/* String member, NULL if absent or not a string. */
const char *json_str(const json_t *object, const char *key);
/* Integer member (a real is truncated), otherwise what is given. */
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);
/* Sets a member; takes the value over. */
void json_put(json_t *object, const char *key, json_t *value);

/* {"entityType":T,"id":I}, or JSON null when id is NULL. */
json_t *json_entity_id(const char *type, const char *id);
