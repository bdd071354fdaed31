/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the mistake is that libconfig stumbled over: it names the line in which it noticed, which may be far
 * behind, and of a setting that stands twice neither the name nor the other place.
 */
#ifndef TB_PROXY_CONFIG_CONFIG_MISTAKE_H
#define TB_PROXY_CONFIG_CONFIG_MISTAKE_H

#include <libconfig.h>

#include "base/error.h"

/* PARSED is what config_read_string() made of TEXT, which is the file PATH, before it failed. Says file, line
 * and what is wrong; returns -EINVAL. */
int config_mistake(const config_t *parsed, const char *path, const char *text, struct tb_error *err);

#endif
