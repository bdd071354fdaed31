/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the configuration in a child process.
 */
#ifndef TB_PROXY_CONFIG_READ_APART_H
#define TB_PROXY_CONFIG_READ_APART_H

#include <stddef.h>

#include "base/error.h"

struct config;

#define READ_APART_MAX_S     5
#define READ_APART_MAX_BYTES (16 * 1024 * 1024) /* what the child answers */

/* Like config_load_unchecked() in load.h, but blocks for at most READ_APART_MAX_S, and survives libconfig:
 * then it is -ENOMEM, with a message. */
int config_read_apart(const char *path, char *const *settings, size_t count, struct config **ret,
                      struct tb_error *err);

#endif
