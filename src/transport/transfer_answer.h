/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What http1.c and http2.c say to a transfer while its answer comes; included by the room only.
 */
#ifndef TB_TRANSPORT_TRANSFER_ANSWER_H
#define TB_TRANSPORT_TRANSFER_ANSWER_H

#include "transport/transfer.h"

/* An answer begins: its header lines go to transfer->response, which is empty now. Also for each 1xx. */
void transfer_answer_begins(struct transfer *transfer);

/* The header is complete, and the answer is final (or a 101 to is_upgrade). Returns 0; -ECANCELED: the
 * transfer wants no more of it, error and detail are set, and http_transfer_failed() reports that. */
int transfer_header_ended(struct transfer *transfer, int status);

/* Bytes of the body. All are taken: passed on, kept, or held until transfer_resume(). Returns 0; -ECANCELED
 * as above; -EFBIG: the body was cut at response_max, which is all that was wanted of it: report it as
 * answered. */
int transfer_body_arrived(struct transfer *transfer, const char *data, size_t length);

/* Whether bytes are held: write() said -EAGAIN. No more of the body should be received. */
static inline bool transfer_is_held(const struct transfer *transfer)
{
    return !fifo_is_empty(&transfer->held);
}

/* Offers the held bytes to write() again. Returns as transfer_body_arrived() does. */
int transfer_offer_held(struct transfer *transfer);

/* Frees what is held. */
void transfer_drop_held(struct transfer *transfer);

/* Calls read(). Returns 0, -EAGAIN, or -ECANCELED as above. */
int transfer_read_body(struct transfer *transfer, void *data, size_t max, size_t *ret);

/* Whether the request has a body, even an empty one that is announced. */
bool transfer_has_body(const struct transfer *transfer);

/* Its length in bytes; -1: not known. */
int64_t transfer_body_length(const struct transfer *transfer);

#endif
