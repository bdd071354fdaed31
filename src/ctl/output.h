/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an answer goes: standard output, or a file that is replaced only when the answer is complete.
 */
#ifndef TB_CTL_OUTPUT_H
#define TB_CTL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <tbclient/client.h>

#include "base/error.h"

struct output {
    const char *path; /* NULL: standard output */
    char *temporary;  /* written until the answer is complete; NULL: PATH itself is written */
    FILE *file;
    bool is_terminal;
    unsigned char last; /* byte that a terminal got */
};

/* PATH may be NULL or "-" for standard output. Close OUTPUT with output_close(), after an error too. */
int output_open(struct output *output, const char *path, struct tb_error *err);

/* Writes, and flushes if FLUSH. Returns 0 or a negative errno: -EPERM for bytes that are not text, if the
 * output is a terminal. */
int output_write(struct output *output, const void *data, size_t length, bool flush);

/* Describes R, the error of output_write(). Returns R. */
int output_failed(const struct output *output, int r, struct tb_error *err);

/* Everything is written: gives the file its name. */
int output_finish(struct output *output, struct tb_error *err);

/* Removes a file that is not finished, and frees. */
void output_close(struct output *output);

#endif
