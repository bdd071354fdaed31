/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd's memory for the headers of a connection, while the connection is idle. libmicrohttpd 0.9.75
 * fills all of it with zeroes after each request, so all of it would stay resident.
 */
#ifndef TB_PROXY_EXCHANGE_IDLE_MEMORY_H
#define TB_PROXY_EXCHANGE_IDLE_MEMORY_H

/* Gives the pages of a connection's memory back to the system if they contain nothing but zeroes, which they
 * then contain again. MEMORY is where the last request line began, or NULL. */
void idle_memory_give_back(const char *memory);

#endif
