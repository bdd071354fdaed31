/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call: the request that the arguments of a typed function, or JSON, become.
 */
#ifndef TB_CLIENT_CALL_H
#define TB_CLIENT_CALL_H

#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/table.h>

#include "base/buf.h"
#include "client/parts.h"
#include "client/warnings.h"
#include "http/headers.h"

struct call {
    const tb_api *api;
    const tb_operation *operation;
    struct buf target;
    struct headers headers;
    struct buf body;
    bool has_body;
    struct parts parts; /* instead of the body */
    struct warnings warnings;
    /* Called in the client's thread while the parts are sent, with how many of their bytes are; may be NULL.
     */
    void (*progress)(void *context, int64_t sent, int64_t length);
    void *progress_context;
};

/* From what tb_invoke() takes, for a client with OPTIONS, which must live as long as CALL. SKIP is the name
 * of a parameter to leave out, or NULL. Errors and warnings name the operation and what does not fit. Free
 * CALL with call_free(), after an error too. */
int call_from_arguments(struct call *call, const tb_client_options *options, const tb_api *api,
                        unsigned operation, const void *const *arguments, const void *params,
                        const char *skip, tb_error *err);

/* The same from what tb_call() takes. */
int call_from_json(struct call *call, const tb_client_options *options, const tb_api *api,
                   const char *operation, json_t *parameters, json_t *body, tb_error *err);

/* A call of no operation: of METHOD (GET, POST, PUT or DELETE) and TARGET, without a body. */
int call_from_target(struct call *call, enum tb_method method, const char *target, tb_error *err);

/* Sets the body of a call that has none to TEXT, as it is. */
int call_set_text(struct call *call, const char *text, size_t length, tb_error *err);

void call_free(struct call *call);

/* The operation's id, or the method if there is none; for messages. */
const char *call_name(const struct call *call);

/* Whether the answer is a download or an event stream, for a sink. */
bool call_streams(const struct call *call);

#endif
