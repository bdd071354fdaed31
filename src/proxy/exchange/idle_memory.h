/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd's memory for the headers of a connection, while the connection is idle. libmicrohttpd 0.9.75
 * fills all of it with zeroes after each request, so all of it would stay resident.
 */
#ifndef TB_PROXY_EXCHANGE_IDLE_MEMORY_H
#define TB_PROXY_EXCHANGE_IDLE_MEMORY_H

/* Where the memory of a connection begins, from the METHOD of a request on it. NULL: not known. */
void *idle_memory_find(const char *method);

/* Gives MEMORY back to the system if it contains nothing but zeroes, which it then contains again. Harmless
 * if MEMORY is NULL, or is not that of a connection, or no longer exists. */
void idle_memory_give_back(void *memory);

#endif
