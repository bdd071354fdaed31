/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files on relations share. */
#pragma once

#include "sim/entity/entity_access.h"

/* The document, as an ...Info with the name of the other end if asked for. */
json_t *relation_render(const struct store *store, const json_t *doc, bool info, bool from);
