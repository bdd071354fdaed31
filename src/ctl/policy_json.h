/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "tbproxyctl policy" says, as JSON. Each function returns a new reference; NULL: no memory.
 */
#ifndef TB_CTL_POLICY_JSON_H
#define TB_CTL_POLICY_JSON_H

#include <jansson.h>

#include "proxy/policy/policies.h"

json_t *policy_list_json(const struct policies *policies);

/* CONDITION: under which it would be allowed; NULL: none. */
json_t *policy_verdict_json(const struct policy_verdict *verdict, const char *condition);

#endif
