/* SPDX-License-Identifier: Apache-2.0 */
/* All threads of a program share one client, with its session and connections. */
#include <tbclient/ce.h>

#include <pthread.h>

#include "example.h"

#define THREADS 8
#define CALLS   10

struct worker {
    pthread_t thread;
    tb_client *client;
    int done;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    tb_error err = TB_ERROR_INIT; /* each thread has its own */

    for (int i = 0; i < CALLS; i++) {
        tb_user *user = NULL;

        if (tb_get_user(worker->client, &user, &err) == 0)
            worker->done++;
        else
            fprintf(stderr, "%s\n", err.message);
        tb_error_clear(&err);
        tb_free(user);
    }
    return NULL;
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    struct worker workers[THREADS];
    int started = 0, done = 0;

    (void)arguments;
    (void)err;
    for (; started < THREADS; started++) {
        workers[started] = (struct worker){.client = client};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        done += workers[i].done;
    }
    printf("%d of %d calls answered in %d threads\n", done, THREADS * CALLS, started);
    return done == THREADS * CALLS ? 0 : -1;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
