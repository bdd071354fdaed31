/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a call, from --body, --set or --part.
 */
#ifndef TB_CTL_CALL_BODY_H
#define TB_CTL_CALL_BODY_H

#include <jansson.h>

#include "base/buf.h"
#include "ctl/arguments.h"

/* *RET is a new reference to JSON, a JSON string for a text body, or an object of parts; NULL if no body is
 * given. -EINVAL with a message if the body does not suit OPERATION. */
int call_body_read(const struct arguments *arguments, const tb_api *api, const tb_operation *operation,
                   json_t **ret, struct tb_error *err);

/* The body of a request that is no operation's: the text of --body with the members of --set. *RET is empty
 * and has no data if none is given. */
int raw_body_read(const struct arguments *arguments, struct buf *ret, struct tb_error *err);

#endif
