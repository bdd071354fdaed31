/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example of "call" that a server accepts if the entities in it exist, made from the tables.
 */
#ifndef TB_CTL_CALL_EXAMPLE_H
#define TB_CTL_CALL_EXAMPLE_H

#include <stdio.h>

#include <tbclient/table.h>

/* Prints "tbproxyctl call ..." and a line end. EDITION is the value for --edition, or NULL to leave it out.
 */
void example_print(FILE *file, const tb_api *api, const tb_operation *operation, const char *edition);

#endif
