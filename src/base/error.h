/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions return 0 or a negative errno. If a person or another program will read the reason, they also fill
 * in a tb_error, to which each caller can add context.
 */
#ifndef TB_BASE_ERROR_H
#define TB_BASE_ERROR_H

#include <tbclient/error.h>

#include "base/util.h"

/* Sets code and message, which is cut if it is too long. ERR may be NULL. Returns CODE, as in
 * return tb_error_set(err, -EINVAL, "..."). */
int tb_error_set(struct tb_error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts context in front of the message: "FORMAT: message". Returns the code in ERR. */
int tb_error_prefix(struct tb_error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
