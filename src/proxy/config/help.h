/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of tbproxyd --help-config, which is also etc/tbproxyd.conf.
 */
#ifndef TB_PROXY_CONFIG_HELP_H
#define TB_PROXY_CONFIG_HELP_H

#include <stdio.h>

/* Prints every option with its help, range and default, as a configuration file. */
void config_print_help(FILE *out);

#endif
