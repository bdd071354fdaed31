/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fuzzers of texts share.
 */
#ifndef TB_TESTS_FUZZ_H
#define TB_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run unless KEPT, which is what the code under test has promised. */
#define must(kept) fuzz_must(kept, #kept, __FILE__, __LINE__)

static inline void fuzz_must(bool kept, const char *promise, const char *file, int line)
{
    if (kept)
        return;
    fprintf(stderr, "%s:%d: not kept: %s\n", file, line, promise);
    abort();
}

static inline bool fuzz_drop(struct log_sink *sink, const struct log_message *message)
{
    (void)sink, (void)message;
    return true;
}

/* From now on nothing is logged. */
static inline void fuzz_silence(void)
{
    static struct log_sink sink = {.write = fuzz_drop};

    log_set_sink(&sink);
}

/* PREFIX and the input up to its first NUL as C text of its very length, for the address sanitizer; to be
 * freed. */
static inline char *fuzz_text(const char *prefix, const uint8_t *data, size_t size)
{
    size_t before = strlen(prefix), length = strnlen((const char *)data, size);
    char *text = malloc(before + length + 1);

    memcpy(text, prefix, before);
    memcpy(text + before, data, length);
    text[before + length] = '\0';
    return text;
}

#endif
