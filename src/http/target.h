/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's target (RFC 9112, section 3.2): the path in its canonical form, and the query as it came. Every
 * decision is based on this path, and this path is sent to the server, so the two cannot be read differently.
 * No decision is based on the query.
 */
#ifndef TB_HTTP_TARGET_H
#define TB_HTTP_TARGET_H

#include <stddef.h>

#include "base/buf.h"

#define TARGET_MAX_BYTES 8192 /* of the canonical path and the query */

struct target {
    struct buf text;    /* path, and "?query" if there is one */
    size_t path_length; /* of text */
};

/*
 * In the canonical path, characters that need no percent-encoding are decoded, and the encoding of others is
 * in upper case; bytes that are not allowed in a URL or not ASCII are encoded. These are refused, because the
 * server or a proxy in between could read them in two ways: encoded slashes, backslashes, semicolons, dot
 * segments, empty segments, NUL and other control characters, spaces, '#', invalid percent-encoding and
 * invalid UTF-8. So is any target that is not in origin-form, except that path and query are taken from an
 * absolute-form target of http or https, whose host is checked elsewhere.
 *
 * The query begins at the first '?' and passes byte for byte. Only control characters and spaces are refused:
 * they would end the request line.
 *
 * On the WebSocket paths the query is left out. It holds a credential, which the server finds in any encoding
 * and even in another parameter's name.
 *
 * Returns 0; -EINVAL with *REASON, a static text; -EMSGSIZE; or -ENOMEM. The caller frees the target with
 * target_free(), also after an error.
 */
int target_parse(const char *raw, struct target *ret, const char **reason);

void target_free(struct target *target);

/* How much of a path, of LENGTH bytes and without its query, can be logged: not the token of a device, which
 * the paths of the device API contain. */
size_t target_public_length(const char *path, size_t length);

#endif
