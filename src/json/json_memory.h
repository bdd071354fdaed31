/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON without memory. Jansson's reader (2.14) ignores some failed allocations, and then writes
 * beyond the end of a string.
 */
#ifndef TB_JSON_JSON_MEMORY_H
#define TB_JSON_JSON_MEMORY_H

#include <jansson.h>

/* Makes json_memory_load() notice them. For a program, not for a library: it sets jansson's allocator for the
 * whole process, before the first value exists. What json_dumps() returns cannot be freed with free() then.
 */
void json_memory_watch(void);

/* json_loadb(). After json_memory_watch() it returns NULL if an allocation failed, with
 * json_error_out_of_memory in ERROR. */
json_t *json_memory_load(const char *text, size_t length, size_t flags, json_error_t *error);

/* Sets ERROR, which may be NULL, to that. Returns NULL. */
json_t *json_memory_error(json_error_t *error);

#endif
