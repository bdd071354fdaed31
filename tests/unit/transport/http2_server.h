/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for one HTTP/2 connection of the fake pool: reads the client's frames, and sends what a test says,
 * frame by frame, whether it is valid or not.
 */
#ifndef TB_UNIT_HTTP2_SERVER_H
#define TB_UNIT_HTTP2_SERVER_H

#include <nghttp2/nghttp2.h>

#include "fake_pool.h"
#include "transport/transfer_answer.h"
#include "unit.h"

#define SERVER_STREAMS 256

/* Of the stream with id 2 * index + 1, as the client used it. */
struct server_stream {
    char header[2048]; /* lines "name: value\n" */
    struct buf body;
    unsigned data_frames;
    bool has_header, has_end;
    int64_t reset;  /* the code of its RST_STREAM; -1: none */
    int64_t credit; /* bytes that the server may send */
};

/* The world of a test, reset by world_begin(). */
extern struct world {
    struct transport transport;
    nghttp2_hd_inflater *inflater;
    struct buf input;
    bool has_preface;
    uint32_t settings[8]; /* of the client, by their ids */
    unsigned settings_acks, pings, ping_acks;
    int64_t goaway; /* the code of the client's GOAWAY; -1: none */
    char goaway_text[128];
    int64_t credit; /* of the connection */
    struct server_stream streams[SERVER_STREAMS];
} world;

/* A connection whose server allows MAX_STREAMS and has acknowledged the client's SETTINGS;
 * world_open_silent(): the server has said nothing yet. */
void world_open(uint32_t max_streams);
void world_open_silent(void);
void world_close(void);

/* Lets the client send, and reads what it sent. */
void world_run(void);

/* Makes CALL a GET that writes its answer to call->taken, or a POST of TEXT, and starts it. Returns its
 * stream. */
int32_t world_get(struct fake_call *call);
int32_t world_post(struct fake_call *call, const char *text);

/* Starts a prepared CALL. Returns the id of the stream that the client opened for it; 0: none yet. */
int32_t world_start(struct fake_call *call);

struct server_stream *stream_of(int32_t id);

/* Sends a frame. */
void server_frame(uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t length);

/* A frame in a larger sequence of bytes that are sent at once by server_send(). */
void server_add(uint8_t type, uint8_t flags, int32_t id, const void *payload, size_t length);
void server_send(void);

/* A header with STATUS (NULL: trailers) and then LINES: names and values by turns, ended by NULL; NULL: none.
 */
void server_header(int32_t id, const char *status, const char *const *lines, bool is_last);

/* DATA in frames of at most 16,384 bytes; its credit must suffice. */
void server_data(int32_t id, const void *data, size_t length, bool is_last);

/* A header with status 200, the body TEXT, and the end. */
void server_answer(int32_t id, const char *text);

void server_settings(uint16_t id, uint32_t value);
void server_reset(int32_t id, uint32_t code);
void server_goaway(int32_t last_id, uint32_t code);
void server_window(int32_t id, uint32_t bytes);

/* What was reported. */
void expect_answer(const struct fake_call *call, int status, const char *body);
void expect_failure(const struct fake_call *call, enum transfer_knowledge knowledge, const char *token);

#endif
