/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the session's user is.
 */
#ifndef TB_UPSTREAM_OWN_USER_H
#define TB_UPSTREAM_OWN_USER_H

#include <jansson.h>

/* In their order: the later may do more. */
enum authority {
    AUTHORITY_UNKNOWN,
    AUTHORITY_CUSTOMER_USER,
    AUTHORITY_TENANT_ADMIN,
    AUTHORITY_SYS_ADMIN,
};

/* Texts are in the JSON that they were read from. */
struct own_user {
    const char *id;   /* NULL: not known */
    const char *name; /* what the user logs in with; NULL: not known */
    enum authority authority;
};

/* USER is the claims of a token, or the answer of /api/auth/user, or NULL. */
struct own_user own_user_read(const json_t *user);

/* NAME: "TENANT_ADMIN", or NULL. */
enum authority authority_parse(const char *name);

#endif
