/* SPDX-License-Identifier: Apache-2.0 */
/* What relation_controller.c and relation_search.c share. */
#ifndef TB_SIM_RELATION_CONTROLLER_H
#define TB_SIM_RELATION_CONTROLLER_H

#include "sim/entity/entity_access.h"

/* The document, with INFO as an ...Info that names the other end: a new reference. */
json_t *relation_render(const struct store *store, const json_t *doc, bool info, bool from);

#endif
