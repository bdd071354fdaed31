/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the files of a configuration: whether they exist, what they contain, and who else can read or change
 * them.
 */
#ifndef TB_PROXY_CONFIG_CHECK_FILES_H
#define TB_PROXY_CONFIG_CHECK_FILES_H

#include <stdio.h>

#include "base/error.h"

struct config;

/* Checks the file PATH that CONFIG was read from and the files that it names, and warns of a URL that sends
 * the credential unencrypted. Logs each finding with what to do; prints to OUT what cannot be checked here.
 * Returns the number of errors; warnings do not count. */
unsigned config_check_files(const struct config *config, const char *path, FILE *out);

/* Checks what tbproxyd needs to start: the files for TLS can be read, the key by its owner only. 0; -EPERM;
 * an error of open(2). */
int config_check_tls_files(const struct config *config, struct tb_error *err);

#endif
