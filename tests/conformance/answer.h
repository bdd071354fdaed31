/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tb_invoke() gives back, for any operation: the place for it, and the proof that it was decoded.
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

/* Prepares the place; returns what tb_invoke() takes as RET. */
void *answer_place(struct answer *answer, const tb_operation *operation);

/* Whether what came is of the declared type: a structure is encoded again and checked as a request would be.
 */
int answer_check(const struct answer *answer, const tb_api *api, const tb_operation *operation,
                 tb_error *err);

void answer_free(struct answer *answer, const tb_api *api, const tb_operation *operation);

#endif
