/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client's own thread and the threads that make calls share. The client's thread runs the loop and
 * owns all of the upstream. A call is posted to it under the client's lock; its result is handed back under
 * the call's own lock.
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

    /* Owned by the client's thread. */
    struct loop loop;
    struct upstream upstream;
    struct watch wake;  /* an eventfd: something was posted */
    struct list active; /* calls in progress */

    /* Shared, protected by the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* USERS or START has changed */
    struct list posted;     /* calls with something to do for the thread */
    unsigned users;         /* threads inside a function of the library */
    bool closing;           /* calls are cancelled */
    bool exiting;           /* the thread ends */
    enum client_start start;
    tb_error start_error; /* if START is CLIENT_REFUSED */
};

/* Every function that uses the client is between these two, so that tb_client_close() waits for it.
 * TB_ERROR_TRANSPORT if the client is being closed. */
int client_enter(tb_client *client, tb_error *err);
void client_leave(tb_client *client);

/* Wakes the client's thread. The caller holds the lock. */
void client_wake(tb_client *client);

#endif
