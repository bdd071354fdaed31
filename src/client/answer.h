/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of a call, and what of it a program is told: errors with the server's words.
 */
#ifndef TB_CLIENT_ANSWER_H
#define TB_CLIENT_ANSWER_H

#include <curl/curl.h>
#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/value.h>

#include "http/headers.h"
#include "upstream/request.h"
#include "upstream/session.h"

/* Most of an answer's body that an error keeps. */
#define ANSWER_ERROR_BODY_MAX (1024 * 1024)

struct answer {
    enum request_outcome outcome;
    bool given_up; /* by us: the client was closed, or a sink refused */
    int status;    /* of HTTP; 0 where no usable answer came */
    struct headers headers;
    struct buf body;
    bool timed_out, failed_in_tls;          /* where status is 0 */
    enum request_retry_refusal not_retried; /* of a 429 */
    char reason[TB_ERROR_MESSAGE_MAX];      /* where no usable answer came; UTF-8 or not, no secret */
    bool locked_out;                        /* where there was no session */
};

void answer_free(struct answer *answer);

/* Whether the answer is a success (2xx). */
bool answer_is_success(const struct answer *answer);

/* The kind of an HTTP status that is no success. */
enum tb_error_kind answer_kind(int status);

/* Sets ERR for an answer that is none, or no success; WHAT is the operation's id. Returns the negative errno.
 */
int answer_error(const struct answer *answer, const char *what, tb_error *err);

/* Puts into ERR what a server says beside its status: its errorCode and the body as it came. */
void answer_keep_refusal(const struct answer *answer, tb_error *err);

/* Sets ERR: the answer does not fit. ERR holds the reason already. The body is kept. */
int answer_does_not_fit(const struct answer *answer, const char *what, tb_error *err);

/* The body as UTF-8 in OUT: as it came where it is, else taken for ISO-8859-1. 0, -EMSGSIZE or -ENOMEM. */
int answer_text(const struct answer *answer, struct buf *out);

/* The body as JSON, a new reference: NULL where it is empty or no JSON. FLAGS: those of json_read(). */
json_t *answer_json(const struct answer *answer, unsigned flags, json_error_t *reason);

/* "" where the server did not say. */
const char *answer_content_type(const struct headers *headers);

/* The file name that the server suggests, without any path; "" where there is none that can be used. */
void answer_file_name(const struct headers *headers, char *ret, size_t size);

/* Content-Length, or -1. */
int64_t answer_length(const struct headers *headers);

#endif
