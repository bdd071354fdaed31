/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which boot of this host it is: times of CLOCK_BOOTTIME can be compared within one.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_BOOT_H
#define TB_PROXY_SPOOL_SPOOL_BOOT_H

/* The id of this boot, static memory; "": not known. */
const char *spool_boot_id(void);

#endif
