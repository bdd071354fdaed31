/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ThingsBoard server that notes in the ledger what it executes, over HTTP/1.1 on a Unix socket. It refuses,
 * answers nothing or loses its answer at random, and can be away.
 */
#ifndef TB_TESTS_SCHEDULED_SERVER_H
#define TB_TESTS_SCHEDULED_SERVER_H

#include "base/fifo.h"

#define SERVED_MAX 64
#define ENTITIES   3
#define ENTITY                                                                                               \
    "784f394c-42b6-435a-983c-b7beff27840%u" /* the number of an entity, that of a program modulo ENTITIES */

struct served {
    int fd;         /* -1: none */
    bool is_silent; /* it answers no more */
    struct fifo in;
};

struct scheduled_server {
    int fd;
    bool is_away;    /* ends whoever connects */
    unsigned unkind; /* so many of 100 requests are not answered as they should be */
    struct served served[SERVED_MAX];
};

void server_open(struct scheduled_server *server, const char *path);
void server_begin(struct scheduled_server *server);

/* Accepts, reads, executes, answers. Returns whether anything has moved. */
bool server_move(struct scheduled_server *server);
void server_end_all(struct scheduled_server *server);

#endif
