/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process has the directory of a spool. SQLite's own lock does not tell another tbproxyd, which is a
 * mistake of the administrator, from a program that reads the file, a backup for example, and ends.
 */
#ifndef TB_PROXY_STORE_SPOOL_LOCK_H
#define TB_PROXY_STORE_SPOOL_LOCK_H

/* Waits up to SPOOL_LOCK_MS, which is enough for one that ends. *RET is to be closed, which gives the lock
 * back, as the end of the process does. 0; -EBUSY: another process has it; errors of open() and flock(). */
int spool_lock_take(const char *directory, int *ret);

#endif
