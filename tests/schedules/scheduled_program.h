/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that writes, one write after the other, over a Unix socket, and notes in the ledger what it was
 * told.
 */
#ifndef TB_TESTS_SCHEDULED_PROGRAM_H
#define TB_TESTS_SCHEDULED_PROGRAM_H

#include "base/fifo.h"
#include "ledger.h"

struct scheduled_program {
    unsigned number;
    int fd;        /* -1: not connected */
    unsigned mark; /* of the write that waits for its answer; 0: none */
    struct fifo in;
};

/* Writes, if it does not wait for an answer. PREFER: of that header, or "". */
void program_write(struct scheduled_program *program, const char *path, enum write_kind kind,
                   const char *prefer, int64_t now_ms);

/* Ends its connection; what it waits for, it will never know. */
void program_leave(struct scheduled_program *program, int64_t now_ms);

/* Reads what has come. Returns whether anything has. */
bool program_move(struct scheduled_program *program, int64_t now_ms);

#endif
