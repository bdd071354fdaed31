/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parts the argument of a call becomes.
 */
#ifndef TB_CLIENT_MULTIPART_H
#define TB_CLIENT_MULTIPART_H

#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/table.h>

#include "client/parts.h"

struct warnings;

/* From a generated structure of TYPE; what it points to is borrowed. Begins PARTS, which is freed with
 * parts_free(), after an error, too. TB_ERROR_USAGE names the part that cannot be sent, TB_ERROR_SYSTEM the
 * file that cannot be read; WARNINGS receives what does not fit otherwise. */
int multipart_from_structure(const tb_api *api, unsigned type, const void *structure, struct parts *parts,
                             struct warnings *warnings, tb_error *err);

/* From a JSON object with a string, {"file": PATH}, or any other JSON for each part; borrowed. */
int multipart_from_object(const tb_api *api, unsigned type, const json_t *object, struct parts *parts,
                          struct warnings *warnings, tb_error *err);

#endif
