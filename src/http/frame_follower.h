/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knows where the frames of a server end while its bytes pass unchanged, so that a close frame of tbproxyd's
 * own can go between two; and reads the server's close frame.
 */
#ifndef TB_HTTP_FRAME_FOLLOWER_H
#define TB_HTTP_FRAME_FOLLOWER_H

#include <sys/types.h>

#include "http/websocket_frame.h"

/* Memory of zeros, but for compression, at the beginning. */
struct frame_follower {
    bool compression; /* was negotiated */
    uint8_t header[FRAME_HEADER_MAX];
    size_t header_length; /* that came */
    bool in_payload;
    struct frame frame;
    uint64_t left;                     /* of its payload */
    uint64_t count;                    /* of frames that have ended */
    bool closed;                       /* one of them was a close frame, with this payload: */
    char close[FRAME_CONTROL_MAX + 1]; /* NUL behind it */
    size_t close_length;
};

/* Follows at most to the end of the frame under way: how many of LENGTH bytes that are, or -EPROTO where they
 * are no frame of a server. */
ssize_t frame_follow(struct frame_follower *follower, const void *data, size_t length);

/* Whether a frame has ended and none begun. */
bool frame_follower_is_between(const struct frame_follower *follower);

#endif
