/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --set: one member of a body of JSON.
 */
#ifndef TB_CTL_BODY_SET_H
#define TB_CTL_BODY_SET_H

#include <jansson.h>

#include <tbclient/table.h>

#include "base/error.h"

#define BODY_TYPE_ANY 0 /* any JSON */

/* Sets what PATH (ctl/dotted_path.h) names in *BODY, which is made if it is NULL, to TEXT: as text if TYPE,
 * the body's, says that it is one; as JSON if it says something else. If TYPE does not say, JSON if it is
 * JSON, else text. Objects and arrays on the way are made; an element that follows the last is added. Warns
 * of members that the schema does not have. */
int body_set(const tb_api *api, unsigned type, json_t **body, const char *path, const char *text,
             struct tb_error *err);

#endif
