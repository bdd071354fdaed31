/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's target (RFC 9112, section 3.2): the path in its one canonical form and the query as it came.
 * Every decision is made on this path, and this path is what is sent to the server, so that the two cannot be
 * read differently. The query decides nothing here.
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
 * The canonical path: percent-encoding is decoded where the character needs none and upper-case elsewhere;
 * characters that may not stand in a URL, and bytes outside ASCII, are percent-encoded. Refused, because the
 * server or something in between could read them in two ways: encoded slashes, backslashes, semicolons, dot
 * segments, empty segments, NUL and other control characters, spaces, '#', invalid percent-encoding, invalid
 * UTF-8, and everything that is not in origin-form; but of an absolute-form target of http or https, whose
 * host browser_guard.h judges, the path and the query are taken.
 *
 * The query begins at the first '?' and passes byte for byte, whatever the server makes of it. Only what
 * would end the request line is refused: control characters and spaces.
 *
 * On the WebSocket paths the query is left out: it holds a credential, which the server finds in any encoding
 * and behind the name of another parameter, too.
 *
 * 0; -EINVAL with *REASON, a static text; -EMSGSIZE; -ENOMEM. The caller frees the target with target_free()
 * also after an error.
 */
int target_parse(const char *raw, struct target *ret, const char **reason);

void target_free(struct target *target);

#endif
