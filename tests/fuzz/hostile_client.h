/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that ask tbproxyd for whatever they want, in pieces, and end as they like. What each has asked for
 * is known as long as it sends no bytes of its own; then what it gets is read as it would read it.
 */
#ifndef TB_TESTS_HOSTILE_CLIENT_H
#define TB_TESTS_HOSTILE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fifo.h"

#define CLIENTS             6
#define CLIENT_REQUESTS_MAX 12
#define MARK_BYTES          18 /* with the NUL: what an answer carries, so that it is known whose it is */

struct hostile_request {
    char mark[MARK_BYTES]; /* "": none */
    bool is_head;
};

struct hostile_client {
    unsigned number;
    int fd;          /* -1: not open */
    bool was_opened; /* each is opened once */
    bool is_raw;     /* it has sent bytes of the input */
    bool is_deaf;    /* it does not read for now */
    bool watches;    /* it has asked for /-/trace, which shows the requests of all */
    bool has_ended;  /* it has closed its connection, or tbproxyd has */
    size_t allowed;  /* bytes that it sends for now */
    struct fifo out;
    struct buf said, seen;
    struct hostile_request requests[CLIENT_REQUESTS_MAX];
    unsigned count;
    char mark_prefix[MARK_BYTES]; /* of its requests that nobody else makes */
};

enum client_end { CLIENT_SHUTS_DOWN, CLIENT_CLOSES }; /* with a reset, if it has not read all */

/* CLIENT is one of an array, the one with NUMBER; SEED makes its marks its own. */
void client_prepare(struct hostile_client *client, unsigned number, uint32_t seed);

/* Connects to a Unix socket, unless it was connected before. */
void client_open(struct hostile_client *client, const char *path);

/* Asks for something: KIND says what, VARIANT how. */
void client_ask(struct hostile_client *client, unsigned kind, unsigned variant);

/* Sends these bytes. */
void client_send(struct hostile_client *client, const void *bytes, size_t length);

/* A frame of a WebSocket. */
void client_send_frame(struct hostile_client *client, unsigned opcode, const void *payload, size_t length);

void client_end(struct hostile_client *client, enum client_end how);

/* Sends and reads what can be. Returns whether anything has moved. */
bool client_move(struct hostile_client *client);

/* What it has got is HTTP: one answer to each request at most, in order, each with its own mark or none. */
void client_check(const struct hostile_client *client);

/* No byte of what it has got belongs to OTHER, unless it watches. */
void client_check_apart(const struct hostile_client *client, const struct hostile_client *other);

/* It has got none of TEXT. */
void client_check_lacks(const struct hostile_client *client, const char *text);

void client_free(struct hostile_client *client);

#endif
