/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/transfer_end.h"

#include "transport/transport_private.h"

void transfer_end(struct transfer *transfer)
{
    loop_timer_stop(transfer->transport->loop, &transfer->timer);
    list_append(&transfer->transport->ended, &transfer->link);
}

void transfer_fail(struct transfer *transfer, struct transfer_error error)
{
    transfer->status = 0;
    if (error.token)
        transfer->error = error;
    transfer_end(transfer);
}
