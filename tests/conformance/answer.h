/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of tb_invoke(), for any operation: where it is stored, and a check that it was decoded.
 */
#ifndef TB_TESTS_ANSWER_H
#define TB_TESTS_ANSWER_H

#include <tbclient/tbclient.h>

struct answer {
    union {
        void *pointer; /* object, list, map, tb_bytes */
        json_t *json;
        int64_t number; /* as large as any plain value */
        tb_sink sink;
    } value;
    tb_buffer buffer;
    tb_events events;
    unsigned event_count;
};

/* Prepares the result. Returns the RET argument for tb_invoke(). */
void *answer_place(struct answer *answer, const tb_operation *operation);

/* Whether the result has the declared type. A structure is encoded again and checked like a request.
 */
int answer_check(const struct answer *answer, const tb_api *api, const tb_operation *operation,
                 tb_error *err);

void answer_free(struct answer *answer, const tb_api *api, const tb_operation *operation);

#endif
