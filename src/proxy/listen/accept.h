/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepting the connections of a listener. Each principal has listen.max_connections at most, and all have a
 * third more; a policy can set a lower bound. Beyond that, one that is idle gives way, or the new one waits
 * for a moment (connection_wait.h) and is refused with 503. While the process is out of descriptors, they
 * wait in the kernel.
 */
#ifndef TB_PROXY_LISTEN_ACCEPT_H
#define TB_PROXY_LISTEN_ACCEPT_H

struct listener;
struct listeners;

/* Begins to accept connections. Tries again later if the socket cannot be watched. */
void accept_begin(struct listener *listener);

/* Gives places to those that wait for one, if there are any now. */
void accept_waiting(struct listeners *listeners);

/* A connection of the listener has been closed. */
void accept_closed(struct listener *listener);

/* Accepts no more connections. Harmless if none are accepted. */
void accept_end(struct listener *listener);

#endif
