/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all connections to one server have in common: libcurl's options, the certificates, the cache of names.
 */
#ifndef TB_TRANSPORT_CONNECTOR_H
#define TB_TRANSPORT_CONNECTOR_H

#include <stdint.h>

#include "base/loop.h"
#include "transport/options.h"

struct connector;

/* Sent to the server and received from it so far, with headers, without those of TLS. */
struct connector_bytes {
    uint64_t sent, received;
};

/* Returns 0, or a negative errno with a message. */
int connector_new(struct loop *loop, const struct transport_options *options, struct connector **ret,
                  struct tb_error *err);

/* Reads the CA certificates again; later connections are verified with them. */
void connector_reload_certificates(struct connector *connector);

struct connector_bytes connector_bytes(const struct connector *connector);

/* No connection may be left. NULL is allowed. */
void connector_free(struct connector *connector);

#endif
