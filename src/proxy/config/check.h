/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the options of a configuration fit together: what the row of one option cannot say.
 */
#ifndef TB_PROXY_CONFIG_CHECK_H
#define TB_PROXY_CONFIG_CHECK_H

#include "base/error.h"

struct config;

/* 0; -EINVAL with a message that names the option and what is allowed; -ENOMEM. */
int config_check(const struct config *config, struct tb_error *err);

#endif
