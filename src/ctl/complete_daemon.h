/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion of tbproxyd's command line.
 */
#ifndef TB_CTL_COMPLETE_DAEMON_H
#define TB_CTL_COMPLETE_DAEMON_H

/* Offers what the last of WORDS, which are COUNT > 0, can become. */
void complete_daemon(char **words, unsigned count);

#endif
