/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_ask.h"

#include "proxy/spool/spool.h"

/* The writer gets the first ones of USER. */
static void submit_first(struct spool *spool, int64_t user)
{
    struct spool_ask *ask;
    size_t count = 0;

    list_for_each(ask, &spool->asks, link) {
        if (ask->user != user)
            continue;
        if (++count > SPOOL_ASKS_MAX)
            return;
        if (!ask->is_submitted) {
            ask->is_submitted = true;
            spool_writer_submit(&spool->writer, &ask->work); /* it has no bytes, so it is taken */
        }
    }
}

void spool_ask(struct spool *spool, struct spool_ask *ask)
{
    list_append(&spool->asks, &ask->link);
    submit_first(spool, ask->user);
}

void spool_ask_ended(struct spool *spool, struct spool_ask *ask)
{
    list_remove(&ask->link);
    submit_first(spool, ask->user);
}

bool spool_ask_withdraw(struct spool_ask *ask)
{
    if (ask->is_submitted)
        return false;
    list_remove(&ask->link);
    return true;
}
