/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of one option in a struct config. Functions that set a value check its type and range first:
 * 0, -EINVAL with a message that names the option and what is allowed, or -ENOMEM.
 */
#ifndef TB_PROXY_CONFIG_OPTION_VALUE_H
#define TB_PROXY_CONFIG_OPTION_VALUE_H

#include <libconfig.h>

#include "base/record.h"
#include "proxy/config/config.h"
#include "proxy/config/option_table.h"

/* From text without quotes: a default, or --set. */
int option_set_text(const struct option *option, struct config *config, const char *value,
                    struct tb_error *err);

/* From a file. */
int option_set_setting(const struct option *option, struct config *config, config_setting_t *setting,
                       struct tb_error *err);

/* Writes the value as option_set_text() reads it. 0; -ENOMEM, or -EMSGSIZE if OUT is full. */
int option_put(const struct option *option, struct config *config, struct buf *out);

/* Whether the value is the default. */
bool option_is_default(const struct option *option, struct config *config);

bool option_differs(const struct option *option, struct config *a, struct config *b);

/* Copies the value of FROM to TO. False: there is no memory, and TO is unchanged. */
bool option_copy(const struct option *option, struct config *to, struct config *from);

void option_free(const struct option *option, struct config *config);

/* What is allowed: "true or false", "an integer from 1 to 100", ... TEXT, of SIZE bytes, may be used for it.
 */
const char *option_allowed(const struct option *option, char *text, size_t size);

#endif
