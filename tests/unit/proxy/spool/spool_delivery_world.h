/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery of the spool in the world of upstream_call_world.h: the simulated server, a virtual clock, the
 * real room forward, and a real file, whose writer is not a thread: each transaction takes a few virtual ms.
 */
#ifndef TB_UNIT_SPOOL_DELIVERY_WORLD_H
#define TB_UNIT_SPOOL_DELIVERY_WORLD_H

#include "proxy/forward/upstream_call_world.h"
#include "proxy/spool/spool_look.h"

#define DELIVERY_URL "https://thingsboard.example"

/* A write that is in the file already. */
struct delivery_write {
    enum kind kind; /* TELEMETRY or ATTRIBUTES */
    unsigned entity, writer, serial;
    const char *url;       /* NULL: DELIVERY_URL */
    const char *target;    /* NULL: that of KIND and ENTITY */
    const char *tenant;    /* NULL: "" */
    const char *principal; /* NULL: "uid:1000" */
    const char *boot_id;   /* NULL: the body has times */
    int64_t boot_ms;
    bool bad;         /* the server refuses the body */
    const char *body; /* NULL: a value of the writer */
};

extern struct world world;
extern struct spool spool;

/* Between the two the file and the spool are open. */
void delivery_open(void);
void delivery_close(void);

/* The daemon stops, and starts again. */
void delivery_restart(void);

/* Stores a write, and tells the delivery. */
void delivery_store(const struct delivery_write *write);

/* A row that the server refuses, with world.server.bad_status. */
void delivery_store_bad(unsigned entity, unsigned serial);

/* COUNT writes of telemetry of ENTITY, with the next serials. */
void delivery_store_many(unsigned entity, unsigned count);

/* The last serial. */
unsigned delivery_serial(void);

/* How many rows are in the file, waiting or set aside. */
size_t delivery_rows(enum spool_state state);

/* The first row that is set aside, without its body; NULL: there is none; freed by the next call. */
const struct spool_row *delivery_aside(void);

/* Until no row waits; at most so long. */
void delivery_run_all(int64_t max_ms);

/* Each write was executed exactly once, with one time: those of SERIAL on, COUNT of them. */
void delivery_assert_stored(unsigned serial, unsigned count);

/* What happens to the next works of the writer: they fail with this error; 0: they do not. */
extern int delivery_file_error;

#endif
