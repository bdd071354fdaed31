/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts and numbers in a row, written to a buffer and read again in the same order, by another process
 * perhaps.
 */
#ifndef TB_BASE_RECORD_H
#define TB_BASE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* 0; -ENOMEM, or -EMSGSIZE if OUT is full. */
int record_put_text(struct buf *out, const char *text);
int record_put_number(struct buf *out, int64_t number);

struct record_reader {
    const char *at, *end;
    bool failed; /* something was missing; everything after it is "" or 0 */
};

/* The text stays in the buffer. */
const char *record_text(struct record_reader *reader);
int64_t record_number(struct record_reader *reader);

#endif
