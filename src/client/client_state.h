/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of tb_client: a thread that runs the loop, and how calls of other threads get there. All of the
 * upstream belongs to that thread. A call is posted to it under the client's lock; what comes back is told to
 * the waiting thread under the call's own.
 */
#ifndef TB_CLIENT_CLIENT_STATE_H
#define TB_CLIENT_CLIENT_STATE_H

#include <pthread.h>

#include <tbclient/client.h>

#include "base/list.h"
#include "base/loop.h"
#include "upstream/request.h"
#include "upstream/upstream.h"

enum client_start { CLIENT_AUTHENTICATING, CLIENT_STARTED, CLIENT_REFUSED };

struct tb_client {
    tb_client_options options; /* its own copy */
    struct request_options request_options;
    pthread_t thread;

    /* Of the thread. */
    struct loop loop;
    struct upstream upstream;
    struct watch wake;  /* an eventfd: something was posted */
    struct list active; /* calls that it works on */

    /* Shared, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* users or start */
    struct list posted;     /* calls that want something of it */
    unsigned users;         /* threads inside a function */
    bool closing;           /* calls are given up */
    bool exiting;           /* the thread ends */
    enum client_start start;
    tb_error start_error; /* where start is CLIENT_REFUSED */
};

/* Around every function that uses the client, so that tb_client_close() waits for it. TB_ERROR_TRANSPORT once
 * the client is being closed. */
int client_enter(tb_client *client, tb_error *err);
void client_leave(tb_client *client);

/* Wakes the thread; the lock is held. */
void client_wake(tb_client *client);

#endif
