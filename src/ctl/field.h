/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --field: one value of the answer, byte for byte.
 */
#ifndef TB_CTL_FIELD_H
#define TB_CTL_FIELD_H

#include "base/error.h"
#include "json/json_text.h"

/* Finds what PATH (ctl/dotted_path.h) names in VALUE, which is valid JSON. TB_ERROR_NOT_FOUND with a message
 * that says how far it came. */
int field_find(struct json_part value, const char *path, struct json_part *ret, struct tb_error *err);

#endif
