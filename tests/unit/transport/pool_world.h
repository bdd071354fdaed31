/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the pool share: a transport on scripted connections, and calls by their number.
 */
#ifndef TB_UNIT_POOL_WORLD_H
#define TB_UNIT_POOL_WORLD_H

#include "fake_connections.h"
#include "transport/pool.h"
#include "unit.h"

#define CALLS 128

extern struct fake_call calls[CALLS];

void pool_begin_http1(long max_connections);
void pool_begin_tls(long max_connections, long max_streams);
void pool_end(void);
void prepare(unsigned call, bool may_be_sent_twice);
void get(unsigned call);

/* Must not be sent twice. */
void post(unsigned call);
void get_many(unsigned count);
void opens_http1(unsigned number);
void opens_http2(unsigned number, unsigned streams);
void answer(unsigned call);

/* The number of the connection that it is on; 0: it waits. */
unsigned on(unsigned call);
unsigned sent(unsigned count);
void expect_failure(unsigned call, enum transfer_knowledge knowledge, const char *token);

/* Three idle connections, 1 to 3, of HTTP/1.1; all were idle since now. */
void open_three(void);

#endif
