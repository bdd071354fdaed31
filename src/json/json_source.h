/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free JSON that was read with JSON_READ_EXACT, its source, and the same as programs are shown it: numbers as
 * numbers, and strings as strings, wherever jansson can hold them.
 */
#ifndef TB_JSON_JSON_SOURCE_H
#define TB_JSON_JSON_SOURCE_H

#include <jansson.h>

/* What programs are shown of SOURCE: a new reference, to SOURCE itself where it is the same. -ENOMEM. */
int json_source_show(json_t *source, json_t **ret);

/* VALUE, which a program was shown and may have changed, with the texts of SOURCE for what it has not
 * changed: a new reference. SOURCE may be NULL, or something else altogether. -ENOMEM. */
int json_source_restore(json_t *value, const json_t *source, json_t **ret);

#endif
