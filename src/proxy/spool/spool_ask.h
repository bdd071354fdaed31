/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Works by which users ask the spool something (spool_page.h). The writer has few of each user at a time, so
 * that what others store waits for few of them, however many connections ask; the others wait in their order.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_ASK_H
#define TB_PROXY_SPOOL_SPOOL_ASK_H

#include "proxy/store/spool_writer.h"

#define SPOOL_ASKS_MAX 4 /* of a user that the writer has */

struct spool;

struct spool_ask {
    struct list link;       /* in spool->asks until it has ended */
    struct spool_work work; /* without bytes; done() calls spool_ask_ended() */
    int64_t user;
    bool is_submitted;
};

/* The owner has set the work and the user. */
void spool_ask(struct spool *spool, struct spool_ask *ask);

/* The work is done: it is the turn of the user's next one. */
void spool_ask_ended(struct spool *spool, struct spool_ask *ask);

/* False: the writer has it, and its done() will be called. */
bool spool_ask_withdraw(struct spool_ask *ask);

#endif
