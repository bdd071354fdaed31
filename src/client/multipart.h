/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a multipart body.
 */
#ifndef TB_CLIENT_MULTIPART_H
#define TB_CLIENT_MULTIPART_H

#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/table.h>

#include "upstream/transport.h"

#define MULTIPART_MAX 64

struct multipart {
    size_t count;
    struct transfer_part items[MULTIPART_MAX];
    char *owned[MULTIPART_MAX]; /* texts that were made for the parts */
};

/* From a generated structure of TYPE; what it points to is borrowed. TB_ERROR_USAGE names the part that does
 * not fit, TB_ERROR_SYSTEM the file that cannot be read. */
int multipart_from_structure(const tb_api *api, unsigned type, const void *structure, struct multipart *parts,
                             tb_error *err);

/* From a JSON object with a string, {"file": PATH}, or any other JSON for each part; borrowed. */
int multipart_from_object(const tb_api *api, unsigned type, const json_t *object, struct multipart *parts,
                          tb_error *err);

/* PARTS may be all zeros. */
void multipart_free(struct multipart *parts);

#endif
