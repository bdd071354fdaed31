/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spool of a daemon on virtual time: no time passes while its thread works; and its files. A kill is a
 * stop after which they are what they were at the moment of the kill.
 */
#ifndef TB_TESTS_SCHEDULED_SPOOL_H
#define TB_TESTS_SCHEDULED_SPOOL_H

#include <stdbool.h>

/* Whether the thread has work that is not done. Link with --wrap=spool_writer_submit. */
bool spool_works(void);

void spool_files_keep(void);
void spool_files_restore(void);

/* No row waits. */
void spool_files_check(void);
void spool_files_remove(void);

#endif
