/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivers what is in the spool: which entities have their turn, and when a call may be sent.
 *
 *     spool_delivery.h     entities in their turn (spool_entities.h), many of them side by side
 *     spool_slot.h         one of them: a batch is read, sent, and what became of it noted
 *     spool_progress.h     the same in the writer's thread
 *     spool_batch.h        which rows go as one call
 *     spool_answer.h       what the server's answer means
 *
 * While the server is away (spool_away.h), one call at a time is tried, less and less often, each time for
 * another entity, and another user if there is one. failover.h probes the server meanwhile.
 */
#ifndef TB_PROXY_SPOOL_SPOOL_DELIVERY_H
#define TB_PROXY_SPOOL_SPOOL_DELIVERY_H

#include "proxy/exchange/services.h"
#include "proxy/store/spool_writer.h"

#define SPOOL_DELIVERY_ENTITIES 64                /* of one user, side by side; of all, a third more */
#define SPOOL_DELIVERY_BYTES    (2 * 1024 * 1024) /* of their batches; and one more of each that grows */
#define SPOOL_DELIVERY_ANSWER   4096              /* bytes of an answer that are read */
#define SPOOL_DELIVERY_AWAY_MS  1000              /* between two calls while the server is away, at first */
#define SPOOL_DELIVERY_AWAY_MAX 30000             /* and at last */
#define SPOOL_DELIVERY_REST_MS  1000 /* between two looks at entities that have lost their slots to rest */

struct spool;
struct spool_owner;

struct spool_delivery {
    struct spool *spool;
    struct request_options options;
    struct list slots; /* entities */
    struct list ready; /* those of them that wait for their turn */
    size_t in_flight;  /* calls */

    uint64_t round; /* of the last call (spool_delivery_queue()) */
    bool closing;
    struct timer timer; /* entities that have lost their slot rest until then */

    size_t aside;          /* rows that were set aside since the last message */
    int64_t aside_told_ms; /* boot clock */

    /* The server. */
    bool is_away;
    unsigned attempts;              /* since it is away */
    const struct spool_owner *only; /* of all these, never followed; NULL: they were of several */
    int64_t failed_ms;              /* the last attempt that counted, boot clock */
    int64_t next_attempt_ms;        /* boot clock */
    uint64_t return_number;         /* of the slow start */
};

/* DELIVERY must be zeroed. */
void spool_delivery_open(struct spool_delivery *delivery, struct spool *spool);

/* Calls under way are given up; their rows stay in the file. Before the writer stops, whose works it waits
 * for. Harmless if it was never opened. */
void spool_delivery_close(struct spool_delivery *delivery);

/* Frees what is left. After the writer has stopped. */
void spool_delivery_free(struct spool_delivery *delivery);

/* The entity KEY has rows that may go now: some were stored, or an earlier write of it has ended. */
void spool_delivery_wake(struct spool_delivery *delivery, const char *key);

/* For forward_spool.h. */
int spool_delivery_send(struct spool_delivery *delivery);
int64_t spool_delivery_ready_ms(const struct spool_delivery *delivery);

/* Whether nothing is under way that a stop should wait for. */
bool spool_delivery_is_idle(const struct spool_delivery *delivery);

#endif
