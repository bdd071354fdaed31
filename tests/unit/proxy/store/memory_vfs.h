/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk in memory for SQLite, which can lose power, and fail. What was written and not synchronised
 * is lost with the power: all of it, or any of its sectors.
 */
#ifndef TB_UNIT_MEMORY_VFS_H
#define TB_UNIT_MEMORY_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An empty disk, which all files that are opened from now on are on. */
void memory_vfs_begin(void);
void memory_vfs_end(void);

/* The operations (writes, truncations, synchronisations, deletions) are counted from 1. Number AT fails with
 * CODE of SQLite, and if FOR_GOOD all after it. AT 0: none. */
void memory_vfs_fail(int at, int code, bool for_good);
int memory_vfs_operations(void);

/* The same for reads, which are counted from 1 from now on. */
void memory_vfs_fail_read(int at, int code, bool for_good);
int memory_vfs_reads(void);

/* The errno of what fails. */
void memory_vfs_set_error(int error);

/* Whether operation AT, which has been executed, was a synchronisation. */
bool memory_vfs_was_sync(int at);

/* The power fails and comes back. All files must be closed. */
void memory_vfs_lose_power(bool keeps_some_sectors);

#endif
