/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free JSON has two forms: the source, as read with JSON_READ_EXACT, and what programs are shown, with
 * numbers as numbers and strings as strings wherever jansson can hold them.
 */
#ifndef TB_JSON_JSON_SOURCE_H
#define TB_JSON_JSON_SOURCE_H

#include <jansson.h>

/* Makes what programs are shown of SOURCE: a new reference, to SOURCE itself if both are the same. 0 or
 * -ENOMEM. */
int json_source_show(json_t *source, json_t **ret);

/* Makes a source of VALUE, which a program was shown and may have changed: what it did not change has the
 * text of SOURCE, which may be NULL or unrelated. A new reference. 0 or -ENOMEM. */
int json_source_restore(json_t *value, const json_t *source, json_t **ret);

#endif
