/* SPDX-License-Identifier: Apache-2.0 */
/* Files as Spring sends them: a range of them, or nothing where the client has them. */
#pragma once

#include <nettle/sha2.h>

#include "sim/http/servlet_request.h"
#include "sim/http/servlet_response.h"

/* A digest in hexadecimal. */
enum {
    SHA256_TEXT = 2 * SHA256_DIGEST_SIZE + 1,
};

struct file {
    const char *data;
    size_t len;
    const char *media;
    const char *filename; /* NULL: not told */
    const char *etag;     /* without the quotes; NULL: none, so nothing is conditional */
};

void reply_file(const struct request *rq, struct reply *rp, const struct file *file);

void sha256_text(const void *data, size_t n, char ret[SHA256_TEXT]);
/* The bytes of a digest in hexadecimal; ret holds 2 * n + 1. */
void hex_text(const uint8_t *digest, size_t n, char *ret);
