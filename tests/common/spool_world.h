/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the spool share: a directory, rows, and what a file must hold.
 */
#ifndef TB_UNIT_SPOOL_WORLD_H
#define TB_UNIT_SPOOL_WORLD_H

#include "proxy/store/spool_file.h"

/* A directory for the spool, which exists and is empty, and its file; static memory. */
const char *world_directory(void);
const char *world_path(void);

/* Another file there. */
const char *world_path_of(const char *name);

/* How many files in the directory have PART in their names. */
int world_count_files(const char *part);

/* How many files were moved aside, without their log files. */
int world_count_damaged(void);

/* Opens the file there, which must succeed. */
void world_open(struct spool_file *file);

/* A new row: write NUMBER of ENTITY with BODY. */
struct spool_row *world_row(int64_t number, const char *entity, const char *body);

/* Inserts it in a transaction of its own. */
void world_insert(struct spool_file *file, int64_t number, const char *entity, const char *body);

/* A body of SIZE bytes that only write NUMBER has; static memory. */
const char *world_body(int64_t number, size_t size);

#endif
