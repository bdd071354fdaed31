/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the path of a request says about the sets that it is in. Used within this room.
 */
#ifndef TB_PROXY_POLICY_SUBJECT_PATH_H
#define TB_PROXY_POLICY_SUBJECT_PATH_H

#include "proxy/policy/subject.h"

/* Whether the server may take ID (LENGTH bytes) for that of OWN, whose id is known. */
bool policy_may_be_own(const char *id, size_t length, const struct own_user *own);

/* The same for an id in the PATH of OPERATION. */
bool policy_path_may_name_own(const struct operation *operation, const char *path, size_t length,
                              const struct own_user *own);

/* The first id in the PATH of OPERATION. False: there is none in its canonical form. */
bool policy_id_in_path(const struct operation *operation, const char *path, size_t length,
                       char ret[POLICY_ID_LENGTH + 1]);

/* Whether the entity type in the PATH of OPERATION may be that of users. */
bool policy_path_may_be_user(const struct operation *operation, const char *path, size_t length);

/* Whether the settings in the PATH of getAdminSettings may contain the signing key. */
bool policy_path_may_be_signing_key(const char *path, size_t length);

#endif
