/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of HTTP/1.1 share: one connection of the fake pool, two calls, and the bytes.
 */
#ifndef TB_UNIT_HTTP1_WORLD_H
#define TB_UNIT_HTTP1_WORLD_H

#include "fake_pool.h"
#include "unit.h"

#define OK           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define CONTINUE     "HTTP/1.1 100 Continue\r\n\r\n"
#define RESPONSE_MAX (1 << 20)
#define POST_HEAD    "POST /api/x?y=z HTTP/1.1\r\nHost: example.com:8443\r\n"

extern struct transport server;
extern struct fake_call call, second;
extern struct buf unread; /* what connection_unread() got */

void http1_begin(void);
void http1_end(void);
void start(struct fake_call *started);
void get(void);

/* A POST whose body read() supplies: LENGTH bytes, of which READY can be had. */
void post_read(size_t length, size_t ready, bool announces);
void receive(const char *text);

/* More can be sent. */
void allow(size_t bytes);

/* All that was sent since the last time. */
void expect_sent(const char *text);
void drop_sent(void);
void expect_answer(const struct fake_call *of, int status, const char *body);
void expect_failure(enum transfer_knowledge knowledge, const char *token);

#endif
