/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error object. A function that can fail returns 0 or a negative errno, and describes the error in the
 * tb_error that its caller passes, unless that is NULL. The caller clears it after use, and may then use it
 * again.
 *
 *     struct tb_error err = TB_ERROR_INIT;
 *
 *     if (tb_get_device_by_id(client, id, &device, &err) < 0) {
 *         if (err.kind == TB_ERROR_NOT_FOUND)
 *             ...
 *         fprintf(stderr, "%s\n", err.message);
 *         tb_error_clear(&err);
 *     }
 */
#ifndef TBCLIENT_ERROR_H
#define TBCLIENT_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include <tbclient/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TB_ERROR_MESSAGE_MAX 512

/* The kinds from TB_ERROR_BAD_REQUEST to TB_ERROR_HTTP are answers of the server, with the HTTP status in
 * STATUS. They correspond to the exceptions of the official Python client (BadRequestException, ...,
 * ApiException). */
enum tb_error_kind {
    TB_ERROR_NONE,
    TB_ERROR_USAGE,         /* the call itself is wrong; nothing was sent */
    TB_ERROR_TRANSPORT,     /* no connection, or it was lost */
    TB_ERROR_TLS,           /* the certificate of the server or the client was refused */
    TB_ERROR_TIMEOUT,       /* no answer in time */
    TB_ERROR_DECODE,        /* the answer does not fit its schema; it is in BODY */
    TB_ERROR_SYSTEM,        /* out of memory, a file cannot be read or written, a sink failed */
    TB_ERROR_BAD_REQUEST,   /* 400 */
    TB_ERROR_UNAUTHORIZED,  /* 401, even after an attempt to renew the session */
    TB_ERROR_FORBIDDEN,     /* 403 */
    TB_ERROR_NOT_FOUND,     /* 404 */
    TB_ERROR_CONFLICT,      /* 409 */
    TB_ERROR_UNPROCESSABLE, /* 422 */
    TB_ERROR_RATE_LIMITED,  /* 429, even after the allowed retries */
    TB_ERROR_SERVICE,       /* 500 to 599 */
    TB_ERROR_HTTP,          /* any other status that is not a success */
};

struct tb_error {
    int code; /* negative errno; 0: no error */
    enum tb_error_kind kind;
    int status;                         /* HTTP status of the answer; 0: no answer */
    int error_code;                     /* ThingsBoard's errorCode; 0: none */
    char message[TB_ERROR_MESSAGE_MAX]; /* UTF-8; never contains a secret */
    char *body;                         /* of the answer, as it came, followed by a NUL; NULL: none */
    size_t body_length;
};

typedef struct tb_error tb_error;

#define TB_ERROR_INIT                                                                                        \
    {                                                                                                        \
        0, TB_ERROR_NONE, 0, 0, "", NULL, 0                                                                  \
    }

/* Frees the body and resets ERR to TB_ERROR_INIT. */
TB_PUBLIC void tb_error_clear(struct tb_error *err);

/* Returns the name of a kind for messages: "not found", ... Never NULL. */
TB_PUBLIC const char *tb_error_kind_name(enum tb_error_kind kind);

#ifdef __cplusplus
}
#endif

#endif
