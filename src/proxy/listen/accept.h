/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepting the connections of a listener: at most listeners->max_connections are open. More wait in the
 * kernel, also while the process is out of descriptors.
 */
#ifndef TB_PROXY_LISTEN_ACCEPT_H
#define TB_PROXY_LISTEN_ACCEPT_H

struct listener;

/* Begins to accept connections. Tries again later if the socket cannot be watched. */
void accept_begin(struct listener *listener);

/* A connection of the listener has been opened, or closed. */
void accept_opened(struct listener *listener);
void accept_closed(struct listener *listener);

/* Accepts no more connections. Harmless if none are accepted. */
void accept_end(struct listener *listener);

#endif
