/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line of "call" that passes all checks: made from the tables alone.
 */
#ifndef TB_CTL_CALL_EXAMPLE_H
#define TB_CTL_CALL_EXAMPLE_H

#include <stdio.h>

#include <tbclient/table.h>

/* Prints "tbproxyctl call ..." with a line end. EDITION: its name where the command must name it, or NULL. */
void example_print(FILE *file, const tb_api *api, const tb_operation *operation, const char *edition);

#endif
