/* SPDX-License-Identifier: Apache-2.0 */
#include "http/frame_follower.h"

#include <errno.h>

bool frame_follower_is_between(const struct frame_follower *follower)
{
    return follower->header_length == 0 && !follower->in_payload;
}

static void end_frame(struct frame_follower *follower)
{
    follower->in_payload = false;
    follower->header_length = 0;
    follower->count++;
    follower->closed = follower->closed || follower->frame.opcode == FRAME_CLOSE;
}

/* One byte of the header. */
static int take_header(struct frame_follower *follower, uint8_t byte)
{
    int r;

    follower->header[follower->header_length++] = byte;
    r = frame_parse(follower->header, follower->header_length, follower->compression, &follower->frame);
    if (r == -EAGAIN)
        return 0;
    if (r < 0 || follower->frame.masked)
        return -EPROTO;
    follower->in_payload = true;
    follower->left = follower->frame.length;
    if (follower->left == 0)
        end_frame(follower);
    return 0;
}

static size_t take_payload(struct frame_follower *follower, const char *data, size_t length)
{
    if (length > follower->left)
        length = (size_t)follower->left;
    if (follower->frame.opcode == FRAME_CLOSE && !follower->closed) {
        memcpy(follower->close + follower->close_length, data, length);
        follower->close_length += length;
    }
    follower->left -= length;
    if (follower->left == 0)
        end_frame(follower);
    return length;
}

ssize_t frame_follow(struct frame_follower *follower, const void *data, size_t length)
{
    const char *bytes = data;
    size_t at = 0;

    while (at < length) {
        if (follower->in_payload)
            at += take_payload(follower, bytes + at, length - at);
        else if (take_header(follower, (uint8_t)bytes[at++]) < 0)
            return -EPROTO;
        if (frame_follower_is_between(follower))
            break;
    }
    return (ssize_t)at;
}
