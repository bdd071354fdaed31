/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an answer goes: standard output, or a file that is there only when the answer is complete.
 */
#ifndef TB_CTL_OUTPUT_H
#define TB_CTL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <tbclient/client.h>

#include "base/error.h"

struct output {
    const char *path; /* NULL: standard output */
    char *temporary;  /* what is written instead, until it is complete; NULL: PATH itself */
    FILE *file;
    bool is_terminal;
};

/* PATH may be NULL or "-": standard output. */
int output_open(struct output *output, const char *path, struct tb_error *err);

/* 0, or a negative errno: -EPERM for bytes that are no text where a terminal would get them. FLUSH: what was
 * written so far is to be seen. */
int output_write(struct output *output, const void *data, size_t length, bool flush);

/* All is written: the file gets its name. */
int output_finish(struct output *output, struct tb_error *err);

/* Frees; what is not finished is removed. */
void output_close(struct output *output);

#endif
