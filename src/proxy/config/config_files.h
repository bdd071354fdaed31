/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a configuration: whether they are there, what they hold, and who else can read or change them.
 */
#ifndef TB_PROXY_CONFIG_CONFIG_FILES_H
#define TB_PROXY_CONFIG_CONFIG_FILES_H

#include <stdio.h>

#include "base/error.h"

struct config;

/* Looks at the file PATH that CONFIG was read from and at those that it names; a URL whose credential
 * everybody on the way can read is told, too. Logs each finding with what to do; what cannot be looked at
 * from here goes to OUT. Returns how many of the findings are errors, not warnings. */
unsigned config_files_check(const struct config *config, const char *path, FILE *out);

/* Of them what tbproxyd does not start without: the files for TLS can be read, the key by its owner only. */
int config_files_check_tls(const struct config *config, struct tb_error *err);

#endif
