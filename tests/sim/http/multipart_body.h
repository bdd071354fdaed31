/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a multipart/form-data body (RFC 7578). They point into the body of the request. */
#ifndef TB_SIM_MULTIPART_BODY_H
#define TB_SIM_MULTIPART_BODY_H

#include "sim/http/servlet_request.h"

enum {
    PARTS_MAX = 64,
};

struct part {
    char *name;
    char *filename;   /* NULL: none */
    char *type;       /* its Content-Type; NULL: none */
    const char *data; /* in the body of the request */
    size_t len;
};

struct parts {
    struct part list[PARTS_MAX];
    size_t n;
};

/* -EBADMSG if the body is not multipart/form-data; RET then holds the parts before the error. Freed with
 * parts_free() in any case. */
int parts_parse(const struct request *rq, struct parts *ret);
/* The first part of that name, or NULL. */
const struct part *parts_find(const struct parts *parts, const char *name);
void parts_free(struct parts *parts);

#endif
