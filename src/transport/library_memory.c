/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reserve is a block that is given back if there is no memory, and taken again later. libcurl's threads
 * may allocate at the same time.
 */
#include "transport/library_memory.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

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
    void *none = NULL, *block = malloc(LIBRARY_RESERVE_BYTES);

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

static void *curl_allocate(size_t size)
{
    return change(NULL, size);
}

static void *curl_allocate_zeros(size_t count, size_t size)
{
    size_t bytes;
    void *memory = __builtin_mul_overflow(count, size, &bytes) ? NULL : change(NULL, bytes);

    return memory ? memset(memory, 0, bytes) : NULL;
}

static char *curl_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = change(NULL, size);

    return copy ? memcpy(copy, text, size) : NULL;
}

/* libcurl does not look whether OpenSSL could begin, which without memory cannot be made good later. */
static bool has_openssl_begun(void)
{
    bool ready = OPENSSL_init_ssl(0, NULL) == 1 && OSSL_LIB_CTX_get0_global_default();
    SSL_CTX *context = ready ? SSL_CTX_new(TLS_client_method()) : NULL;

    SSL_CTX_free(context);
    return context;
}

bool library_memory_init(void)
{
    take();
    return reserve && CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate, openssl_free) == 1 &&
           curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_allocate, free, change, curl_copy,
                                curl_allocate_zeros) == CURLE_OK &&
           has_openssl_begun();
}

bool library_memory_lacked(void)
{
    return __atomic_load_n(&lacked, __ATOMIC_RELAXED);
}
