/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a syntax error is. libconfig reports the line in which it noticed the error, which can be much later,
 * and for a setting that appears twice neither its name nor the other place.
 */
#ifndef TB_PROXY_CONFIG_SYNTAX_ERROR_H
#define TB_PROXY_CONFIG_SYNTAX_ERROR_H

#include <libconfig.h>

#include "base/error.h"

/* PARSED is what config_read_string() left when it failed on TEXT, the text of the file PATH. Sets a message
 * with file, line and reason; returns -EINVAL. */
int syntax_error_find(const config_t *parsed, const char *path, const char *text, struct tb_error *err);

#endif
