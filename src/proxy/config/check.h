/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the options of a configuration fit together: what the row of one option cannot say.
 */
#ifndef TB_PROXY_CONFIG_CHECK_H
#define TB_PROXY_CONFIG_CHECK_H

#include "base/error.h"

struct config;

struct mistakes;

/* 0; -EINVAL with a message that names the option, its line and what is allowed; -ENOMEM. MISTAKES, which may
 * be NULL, takes all mistakes. */
int config_check(const struct config *config, struct mistakes *mistakes, struct tb_error *err);

/* "FILE:LINE" where the option is set whose name TEXT begins with; NULL: it begins with no option, or the
 * file does not set it. */
const char *config_place(const struct config *config, const char *text);

#endif
