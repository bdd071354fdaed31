/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a configuration file, checked for what libconfig reads without a word and wrongly.
 */
#ifndef TB_PROXY_CONFIG_TEXT_H
#define TB_PROXY_CONFIG_TEXT_H

#include "base/buf.h"
#include "base/error.h"

#define CONFIG_TEXT_MAX_BYTES (1024 * 1024)

/* Reads the file PATH into TEXT, an empty buffer with CONFIG_TEXT_MAX_BYTES. Errors: those of open(2) and
 * read(2); -EMSGSIZE; -EINVAL for a number beyond 32 bits without the L that libconfig wants behind it (it
 * would be cut). */
int config_text_read(const char *path, struct buf *text, struct tb_error *err);

#endif
