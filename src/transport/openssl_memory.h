/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in reserve for OpenSSL. What it cannot load for want of memory, an algorithm or a certificate, is
 * missing from then on (3.0), so that no server can be reached any more.
 */
#ifndef TB_TRANSPORT_OPENSSL_MEMORY_H
#define TB_TRANSPORT_OPENSSL_MEMORY_H

#include <stdbool.h>

#define OPENSSL_RESERVE_BYTES (256 * 1024) /* two TLS handshakes */

/* For a program, not for a library: it sets OpenSSL's allocator for the whole process, before OpenSSL is
 * used. False: there is no memory. */
bool openssl_memory_reserve(void);

/* Whether OpenSSL got no memory at any time, not even from the reserve. */
bool openssl_memory_lacked(void);

#endif
