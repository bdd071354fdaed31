/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a call, or why there is none.
 */
#ifndef TB_CLIENT_ANSWER_H
#define TB_CLIENT_ANSWER_H

#include <jansson.h>

#include <tbclient/error.h>

#include "http/headers.h"
#include "upstream/request.h"

struct answer {
    enum request_outcome outcome;
    bool given_up; /* by us: the client was closed, or a sink returned an error */
    int status;    /* of HTTP; 0 if there is no usable answer */
    struct headers headers;
    struct buf body;
    bool timed_out, failed_in_tls;     /* if status is 0 */
    enum retry_refusal not_retried;    /* of a 429 */
    char reason[TB_ERROR_MESSAGE_MAX]; /* why there is no usable answer; may not be UTF-8; no secret */
    bool locked_out;                   /* the server refused the credential */
};

void answer_free(struct answer *answer);

/* Whether the answer is a success (2xx). */
bool answer_is_success(const struct answer *answer);

/* Appends the body to OUT as UTF-8: unchanged if it is UTF-8, else read as ISO-8859-1. Returns 0, -EMSGSIZE
 * or -ENOMEM. */
int answer_text(const struct answer *answer, struct buf *out);

/* Returns the body as JSON, a new reference, or NULL if it is empty or not JSON. FLAGS are those of
 * json_read(). */
json_t *answer_json(const struct answer *answer, unsigned flags, json_error_t *reason);

#endif
