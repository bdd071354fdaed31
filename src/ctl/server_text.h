/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server's own document says about an operation. It may be hostile: nothing in it controls the
 * terminal, and each text ends after SERVER_TEXT_MAX_BYTES.
 */
#ifndef TB_CTL_SERVER_TEXT_H
#define TB_CTL_SERVER_TEXT_H

#include <jansson.h>
#include <tbclient/table.h>

#define SERVER_TEXT_MAX_BYTES 16384

/* Prints the summary, the description and the parameters of OPERATION in DOCUMENT to standard output. */
void server_text_print(const json_t *document, const tb_api *api, const tb_operation *operation);

#endif
