/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in reserve for OpenSSL and libcurl. What OpenSSL (3.0) cannot load for want of memory, an algorithm
 * or a certificate, is missing from then on, so that no server can be reached any more; libcurl (7.88) may
 * divide by zero.
 */
#ifndef TB_TRANSPORT_LIBRARY_MEMORY_H
#define TB_TRANSPORT_LIBRARY_MEMORY_H

#include <stdbool.h>

#define LIBRARY_RESERVE_BYTES (256 * 1024) /* two TLS handshakes */

/* Initializes libcurl and OpenSSL. For a program, not for a library: it sets their allocators for the whole
 * process, before they are used. False: there is no memory. */
bool library_memory_init(void);

/* Whether they got no memory at any time, not even from the reserve. */
bool library_memory_lacked(void);

#endif
