/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of the file, and the way from those of older versions.
 */
#ifndef TB_PROXY_STORE_SPOOL_SCHEMA_H
#define TB_PROXY_STORE_SPOOL_SCHEMA_H

#include <sqlite3.h>

#define SPOOL_APPLICATION_ID 0x54425350 /* "TBSP", in the file's header */
#define SPOOL_SCHEMA         1          /* PRAGMA user_version: how many steps have been taken */

/* Step N makes schema N + 1 out of schema N. A released step is never changed. */
extern const char *const spool_schema_steps[SPOOL_SCHEMA];

/* -ENOTSUP: DB has taken more than COUNT steps; -EUCLEAN: it is damaged, or another program's. */
int spool_schema_check(sqlite3 *db, int count);

/* Takes those of the COUNT STEPS that DB, which may be empty, has not taken: all or none. Otherwise as
 * spool_schema_check(). */
int spool_schema_upgrade(sqlite3 *db, const char *const steps[], int count);

#endif
