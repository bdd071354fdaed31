/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a transfer; included by the room only.
 */
#ifndef TB_TRANSPORT_TRANSFER_END_H
#define TB_TRANSPORT_TRANSFER_END_H

#include "base/util.h"
#include "transport/transfer.h"

/* It is over, with an answer or without; done() is called by transport_run(). It is in no list. */
void transfer_end(struct transfer *transfer);

/* It has none: the status becomes 0. Without error.token the error that it has stays. */
void transfer_fail(struct transfer *transfer, struct transfer_error error);

#endif
