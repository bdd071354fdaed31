/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of events from tbproxyd.
 */
#ifndef TB_CTL_DAEMON_STREAM_H
#define TB_CTL_DAEMON_STREAM_H

#include <jansson.h>

#include "ctl/connection.h"

#define DAEMON_STREAM_FDS 2

struct daemon_stream {
    /* Called for each event, called NAME, with the JSON object in it, which is borrowed. 0; 1 ends the
     * stream.
     */
    int (*event)(void *context, const char *name, const json_t *data);
    void *context;
    long silence_max_s;         /* without a byte for so long, the connection is lost */
    int fds[DAEMON_STREAM_FDS]; /* also waited for; -1: none */
    /* Called if one of FDS can be read. 0; 1 ends the stream. */
    int (*input)(void *context);
};

/* GETs PATH ("/-/events") and follows it until STREAM ends it. Errors: the answer is not a stream; its end;
 * an event that is not a JSON object. */
int daemon_stream(const struct connection_options *options, const char *path,
                  const struct daemon_stream *stream, struct tb_error *err);

#endif
