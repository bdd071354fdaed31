/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error object. Inside, functions return an int: 0, or a negative errno; where a person or a program
 * outside will read the reason, a tb_error travels along and gathers context on its way up.
 */
#ifndef TB_BASE_ERROR_H
#define TB_BASE_ERROR_H

#include <tbclient/error.h>

#include "base/util.h"

/* Sets code and message; a message that does not fit is cut. ERR may be NULL. Returns CODE, so that a
 * function can say: return tb_error_set(err, -EINVAL, "..."). */
int tb_error_set(struct tb_error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts context in front of the message: "FORMAT: message". Returns the code that ERR holds. */
int tb_error_prefix(struct tb_error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
