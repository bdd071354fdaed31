/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether JSON fits the tables. A null is as good as an absent member, but for one that is required. The
 * discriminator of a declared variant may be missing: the schema says which it is.
 */
#ifndef TB_CLIENT_CHECK_H
#define TB_CLIENT_CHECK_H

#include <jansson.h>

#include <tbclient/codec.h>

enum {
    CHECK_STRICT =
        1 << 0, /* no unknown members, no values that an enumeration or discriminator does not know */
    CHECK_ANSWER = 1 << 1, /* from a server: what is required may be missing or null */
};

/* TB_ERROR_USAGE names the member. */
int check_value(const tb_api *api, unsigned type, const json_t *value, unsigned flags, tb_error *err);

/* The same for a value with bounds of its own: row BOUNDS of the table. */
int check_bounded(const tb_api *api, unsigned type, unsigned bounds, const json_t *value, unsigned flags,
                  tb_error *err);

/* Whether TEXT is a UUID in the form that the server reads: "784f394c-42b6-435a-983c-b7beff2784f9". */
bool check_is_uuid(const char *text);

#endif
