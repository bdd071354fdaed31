/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks JSON against the tables. A null counts as an absent member, unless the member is required. The
 * discriminator of a declared variant may be missing: the schema says which one it is.
 */
#ifndef TB_CLIENT_CHECK_H
#define TB_CLIENT_CHECK_H

#include <jansson.h>

#include <tbclient/codec.h>

#include "client/warnings.h"

enum {
    CHECK_STRICT = 1 << 0, /* refuse unknown members, and unknown values of enumerations and discriminators */
    CHECK_ANSWER = 1 << 1, /* from a server: required members may be missing or null */
};

/* TB_ERROR_USAGE names the member. */
int check_value(const tb_api *api, unsigned type, const json_t *value, unsigned flags, tb_error *err);

/* Checks what is to be sent, with the row BOUNDS of the table. An error is only what no server can read: an
 * object instead of a list, a list instead of a text. All else is advice and becomes one of the WARNINGS:
 * servers accept more than the document says, and send it, too. */
int check_request(const tb_api *api, unsigned type, unsigned bounds, const json_t *value,
                  struct warnings *warnings, tb_error *err);

/* Whether TEXT is a UUID in the form that the server accepts: "784f394c-42b6-435a-983c-b7beff2784f9". */
bool check_is_uuid(const char *text);

#endif
