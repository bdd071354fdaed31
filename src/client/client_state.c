/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_state.h"

#include <errno.h>
#include <unistd.h>

#include "client/error.h"

void client_wake(tb_client *client)
{
    uint64_t one = 1;

    while (write(client->wake.fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

int client_enter(tb_client *client, tb_error *err)
{
    bool closing;

    pthread_mutex_lock(&client->lock);
    closing = client->closing;
    if (!closing)
        client->users++;
    pthread_mutex_unlock(&client->lock);
    return closing ? FAIL(err, TB_ERROR_TRANSPORT, -ECANCELED, "the client is being closed") : 0;
}

void client_leave(tb_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->users--;
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}
