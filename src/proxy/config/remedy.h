/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the administrator can do if the server cannot be used: which option or file, and whether a change
 * needs a reload or a restart. Texts are one line, and begin in lower case.
 */
#ifndef TB_PROXY_CONFIG_REMEDY_H
#define TB_PROXY_CONFIG_REMEDY_H

#include <stddef.h>

struct config;

/* A credential is refused, or cannot be read. To be freed; NULL: no memory. */
char *remedy_for_credential(const struct config *config);

/* The server answers STATUS, which is a gateway error or not one of ThingsBoard; 0: there is no answer,
 * because of TOKEN, an error type of http/proxy_status.h. Writes it to RET (SIZE bytes). */
void remedy_for_failure(const struct config *config, int status, const char *token, char *ret, size_t size);

#endif
