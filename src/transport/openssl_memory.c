/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reserve is a block that is given back if there is no memory, and taken again later. libcurl's threads
 * may allocate at the same time.
 */
#include "transport/openssl_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void *reserve;
static bool lacked;

static bool give_back(void)
{
    void *block = __atomic_exchange_n(&reserve, NULL, __ATOMIC_SEQ_CST);

    free(block);
    return block;
}

static void take(void)
{
    void *none = NULL, *block = malloc(OPENSSL_RESERVE_BYTES);

    if (block &&
        !__atomic_compare_exchange_n(&reserve, &none, block, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        free(block); /* another thread was faster */
}

static void *change(void *old, size_t size)
{
    void *memory = realloc(old, size);

    if (!memory && give_back())
        memory = realloc(old, size);
    else if (memory && !__atomic_load_n(&reserve, __ATOMIC_RELAXED))
        take();
    if (!memory)
        __atomic_store_n(&lacked, true, __ATOMIC_RELAXED);
    return memory;
}

static void *openssl_allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return change(NULL, size);
}

static void *openssl_reallocate(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size > 0)
        return change(old, size);
    free(old);
    return NULL;
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

bool openssl_memory_reserve(void)
{
    take();
    return reserve && CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate, openssl_free) == 1;
}

bool openssl_memory_lacked(void)
{
    return __atomic_load_n(&lacked, __ATOMIC_RELAXED);
}
