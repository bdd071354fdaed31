/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 with the URL-safe alphabet and no padding (RFC 4648, section 5), as JSON Web Tokens use it.
 */
#ifndef TB_BASE_BASE64URL_H
#define TB_BASE_BASE64URL_H

#include "base/buf.h"

/* Appends the encoded form of LEN bytes. 0, -EMSGSIZE or -ENOMEM. */
int base64url_encode(struct buf *out, const void *data, size_t len);

/* Appends the decoded bytes. -EBADMSG where TEXT is not base64url; OUT is unchanged on error. */
int base64url_decode(struct buf *out, const char *text, size_t len);

#endif
