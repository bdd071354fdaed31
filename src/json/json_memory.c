/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While jansson reads, its allocations are listed, and the first one that fails ends the reading by
 * longjmp(): jansson itself would go on.
 */
#include "json/json_memory.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/util.h"

/* Before each piece of memory. */
struct block {
    struct list link; /* in reading.blocks, or by itself */
};

static _Thread_local struct {
    bool active;
    struct list blocks;
    jmp_buf failed;
} reading;

static bool is_watched;

static void *allocate(size_t size)
{
    struct block *block = size <= SIZE_MAX - sizeof(*block) ? malloc(sizeof(*block) + size) : NULL;

    if (!block && reading.active)
        longjmp(reading.failed, 1);
    if (!block)
        return NULL;
    list_init(&block->link);
    if (reading.active)
        list_append(&reading.blocks, &block->link);
    return block + 1;
}

static void release(void *memory)
{
    struct block *block = memory;

    if (!block)
        return;
    list_remove(&block[-1].link);
    free(block - 1);
}

void json_memory_watch(void)
{
    json_set_alloc_funcs(allocate, release);
    is_watched = true;
}

json_t *json_memory_error(json_error_t *error)
{
    if (error) {
        *error = (json_error_t){.line = -1, .column = -1, .text = "out of memory"};
        error->text[sizeof(error->text) - 1] = json_error_out_of_memory; /* where json_error_code() looks */
    }
    return NULL;
}

static void end_reading(bool failed)
{
    reading.active = false;
    while (!list_is_empty(&reading.blocks)) {
        struct block *block = CONTAINER_OF(reading.blocks.next, struct block, link);

        list_remove(&block->link);
        if (failed)
            free(block);
    }
}

json_t *json_memory_load(const char *text, size_t length, size_t flags, json_error_t *error)
{
    json_t *value;

    if (!is_watched)
        return json_loadb(text, length, flags, error);
    list_init(&reading.blocks);
    if (setjmp(reading.failed) != 0) {
        end_reading(true);
        return json_memory_error(error);
    }
    reading.active = true;
    value = json_loadb(text, length, flags, error);
    end_reading(false);
    return value;
}
