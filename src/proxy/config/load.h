/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads, reloads and frees the configuration.
 */
#ifndef TB_PROXY_CONFIG_LOAD_H
#define TB_PROXY_CONFIG_LOAD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct config;
struct mistakes;

/* Without values. The caller frees it with config_free(). NULL: there is no memory. */
struct config *config_new(const char *path);

/*
 * Reads the file PATH, in a child process (read_apart.h), and then the COUNT SETTINGS
 * ("section.option=value"), which take precedence, and checks the result with config_check(). A message names
 * file and line, the option, and what is allowed. Errors: -EINVAL for a mistake; those of open(2) and
 * read(2); -ENOMEM. The caller frees *RET with config_free().
 */
int config_load(const char *path, char *const *settings, size_t count, struct config **ret,
                struct tb_error *err);

/* Like config_load(), but each option is checked only by itself. MISTAKES, which may be NULL, takes those
 * with which reading can go on. */
int config_load_unchecked(const char *path, char *const *settings, size_t count, struct mistakes *mistakes,
                          struct config **ret, struct tb_error *err);

/* CONFIG may be NULL. */
void config_free(struct config *config);

/* Copies to CONFIG each option of FRESH that a reload can change, and logs each change; logs a warning for a
 * changed option that needs a restart. REPORT, which may be NULL, gets the same as lines. The policies of
 * FRESH are taken from it. */
void config_reload(struct config *config, struct config *fresh, struct buf *report);

#endif
