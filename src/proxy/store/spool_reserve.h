/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room on the disk that is kept for deleting: a full spool on a full disk could not note what it has
 * delivered. Given up if the disk is full, and taken again before the next row is stored.
 */
#ifndef TB_PROXY_STORE_SPOOL_RESERVE_H
#define TB_PROXY_STORE_SPOOL_RESERVE_H

#include <stdbool.h>

#define SPOOL_RESERVE_NAME  "spool.reserve"
#define SPOOL_RESERVE_BYTES (8 * 1024 * 1024) /* for the log file, and for its copy in the database */

/* Takes the reserve beside the file PATH. Harmless if it is there. 0 or a negative errno: there is none. */
int spool_reserve_take(const char *path);

/* Whether there is one, as after each opening of the file but with a full disk. */
bool spool_reserve_is_there(const char *path);

/* Harmless if there is none. */
void spool_reserve_give_up(const char *path);

#endif
