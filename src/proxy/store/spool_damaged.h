/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A damaged file is kept beside the new one, for "sqlite3 FILE .recover".
 */
#ifndef TB_PROXY_STORE_SPOOL_DAMAGED_H
#define TB_PROXY_STORE_SPOOL_DAMAGED_H

#include "base/error.h"

/* Renames PATH, DIRECTORY/spool.db, which is closed, and what belongs to it; logs WHY, and where it is now. 0
 * or an error; -EUCLEAN: there are SPOOL_DAMAGED_MAX already. */
int spool_damaged_set_aside(const char *path, const char *why, struct tb_error *err);

#endif
