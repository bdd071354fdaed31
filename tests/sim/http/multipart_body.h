/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a multipart/form-data body (RFC 7578). */
#pragma once

#include "sim/http/servlet_request.h"

enum {
    MAX_PARTS = 64,
};

struct part {
    char *name;
    char *filename;   /* NULL: none */
    char *type;       /* its Content-Type; NULL: none */
    const char *data; /* in the request's body */
    size_t len;
};

struct parts {
    struct part list[MAX_PARTS];
    size_t n;
};

/* False: the body is no multipart body; ret holds the parts before the mistake. To be freed in any case. */
bool parts_parse(const struct request *rq, struct parts *ret);
/* NULL: there is no part of that name. */
const struct part *parts_find(const struct parts *parts, const char *name);
void parts_free(struct parts *parts);
