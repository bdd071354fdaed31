/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes something in a running tbproxyd, over its admin socket.
 */
#ifndef TB_CTL_DAEMON_ACTION_H
#define TB_CTL_DAEMON_ACTION_H

#include "ctl/arguments.h"
#include "ctl/daemon_status.h"

/* POSTs BODY (JSON, or "") to PATH ("/-/reload"), and prints what has changed and DONE; with --json, the
 * answer. Returns the exit status. */
int daemon_action(const char *subcommand, const char *path, const char *body, const char *done,
                  const struct arguments *arguments);

/* The options of the subcommands that do so, and the end of their usage. */
extern const char *const action_options[];
#define ACTION_USAGE_TAIL                                                                                    \
    "\n"                                                                                                     \
    "  --json               print tbproxyd's answer\n" ADMIN_USAGE "\n"                                      \
    "Exit status: 0 on success, 2 for a wrong command line, 4 if you may not do so, 6\n"                     \
    "if the server fails or refuses, 7 if tbproxyd is not reachable, 1 for any other\n"                      \
    "failure.\n"

#endif
