/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as a Java server reads and writes it: 22.4 stays 22.4, 1e7 becomes 1.0E7. This is not src/json: what
 * the library and the daemon read and write is checked against code that does not share their mistakes.
 */
#ifndef TB_SIM_JAVA_JSON_H
#define TB_SIM_JAVA_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/memory.h"
#include "sim/base/text.h"

/* Any JSON value: a new reference, or NULL if it is not JSON. RET_ERROR says why and may be NULL. */
json_t *java_json_read(const char *data, size_t length, json_error_t *ret_error);

void java_json_write(struct buf *out, const json_t *value);
/* The same as a string that the caller frees. RET_LENGTH may be NULL. */
char *java_json_text(const json_t *value, size_t *ret_length);

/* A JSON string of any bytes (bytes_to_utf8). */
json_t *json_text(const char *text);

/* A member that is a string, otherwise NULL. */
const char *json_str(const json_t *object, const char *key);
/* A member that is a number, without its fraction; OTHERWISE if it is absent or something else. */
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);
/* Sets a member; takes over VALUE, and NULL becomes null. */
void json_put(json_t *object, const char *key, json_t *value);
/* Whether an array of strings holds TEXT. */
bool json_array_has(const json_t *array, const char *text);

/* {"entityType":TYPE,"id":ID}, or null if ID is NULL. */
json_t *json_entity_id(const char *type, const char *id);

#endif
