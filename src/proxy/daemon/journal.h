/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for the journal with their fields (systemd.journal-fields(7)).
 */
#ifndef TB_PROXY_DAEMON_JOURNAL_H
#define TB_PROXY_DAEMON_JOURNAL_H

#include <sys/un.h>

#include "base/log.h"

#define JOURNAL_PATH "/run/systemd/journal/socket"

struct journal {
    struct log_sink sink;
    int fd;
    struct sockaddr_un address;
};

/* PATH: of the journal's socket, JOURNAL_PATH except in tests; shorter than sun_path. 0 or a negative errno.
 */
int journal_open(struct journal *journal, const char *path);

void journal_close(struct journal *journal);

#endif
