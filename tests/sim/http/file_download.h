/* SPDX-License-Identifier: Apache-2.0 */
/* Files as Spring sends them: whole, a range, or 304 if the client has them. */
#ifndef TB_SIM_FILE_DOWNLOAD_H
#define TB_SIM_FILE_DOWNLOAD_H

#include <nettle/sha2.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

enum {
    SHA256_TEXT = 2 * SHA256_DIGEST_SIZE + 1, /* a digest in hexadecimal */
};

struct file {
    const char *data;
    size_t len;
    const char *media;
    const char *filename; /* NULL: left out */
    const char *etag;     /* without quotes; NULL: none, and no conditional requests */
};

void reply_file(const struct request *rq, struct reply *rp, const struct file *file);

/* The digest in hexadecimal. */
void sha256_text(const void *data, size_t n, char ret[SHA256_TEXT]);
/* N bytes in hexadecimal; RET has room for 2 * N + 1. */
void hex_text(const uint8_t *digest, size_t n, char *ret);

#endif
