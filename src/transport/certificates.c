/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/certificates.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/log.h"

/* The first error of OpenSSL's queue is the cause of the others. */
static const char *openssl_reason(void)
{
    unsigned long code = ERR_get_error();
    const char *reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

    ERR_clear_error();
    return reason ? reason : "unknown error";
}

static int load_file(X509_STORE *store, const char *path, struct tb_error *err)
{
    if (X509_STORE_load_file(store, path))
        return 0;
    return tb_error_set(err, -EBADMSG, "cannot load CA certificates from %s: %s", path, openssl_reason());
}

/* What libcurl was built to use: a file, a folder or both; otherwise what OpenSSL was. */
static int load_system(X509_STORE *store, struct tb_error *err)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    int r = curl->cainfo ? load_file(store, curl->cainfo, err) : 0;

    if (r < 0)
        return r;
    if (curl->capath && !X509_STORE_load_path(store, curl->capath))
        return tb_error_set(err, -ENOMEM, "out of memory");
    if (!curl->cainfo && !curl->capath && !X509_STORE_set_default_paths(store))
        return tb_error_set(err, -EBADMSG, "cannot load the system's CA certificates: %s", openssl_reason());
    return 0;
}

static int load(struct certificates *certificates, int64_t now_ms, struct tb_error *err)
{
    X509_STORE *store = X509_STORE_new();
    int r;

    if (!store)
        return tb_error_set(err, -ENOMEM, "out of memory");
    ERR_clear_error();
    r = certificates->file ? load_file(store, certificates->file, err) : load_system(store, err);
    if (r < 0) {
        X509_STORE_free(store);
        return r;
    }
    /* As libcurl verifies: an issuer that is trusted goes before one that the server sent, and need not be a
     * root. */
    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_free(certificates->store);
    certificates->store = store;
    certificates->loaded_ms = now_ms;
    return 0;
}

int certificates_use(struct certificates *certificates, SSL_CTX *context, int64_t now_ms,
                     struct tb_error *err)
{
    int r = certificates->store ? 0 : load(certificates, now_ms, err);

    if (r == 0)
        SSL_CTX_set1_cert_store(context, certificates->store);
    return r;
}

void certificates_reload(struct certificates *certificates, int64_t now_ms)
{
    struct tb_error err = TB_ERROR_INIT;

    if (!certificates->store)
        return;
    if (load(certificates, now_ms, &err) < 0)
        log_warning("%s; the ones loaded before are still used", err.message);
    certificates->loaded_ms = now_ms; /* if it failed: not with every connection */
}

int certificates_check_file(const char *path, struct tb_error *err)
{
    X509_STORE *store = X509_STORE_new();
    int r;

    if (!store)
        return tb_error_set(err, -ENOMEM, "out of memory");
    ERR_clear_error();
    r = load_file(store, path, err);
    X509_STORE_free(store);
    return r;
}

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *ret, int size, int is_for_writing, void *context)
{
    (void)ret;
    (void)size;
    (void)is_for_writing;
    (void)context;
    return 0;
}

static int load_own(SSL_CTX *context, const char *path, const char *key_path, struct tb_error *err)
{
    if (SSL_CTX_use_certificate_chain_file(context, path) != 1)
        return tb_error_set(err, -EBADMSG, "cannot load a certificate from %s: %s", path, openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) != 1)
        return tb_error_set(err, -EBADMSG, "cannot load the key of %s from %s: %s", path, key_path,
                            openssl_reason());
    return 0;
}

int certificates_check_own(const char *path, const char *key_path, struct tb_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    int r;

    if (!context)
        return tb_error_set(err, -ENOMEM, "out of memory");
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    r = load_own(context, path, key_path, err);
    SSL_CTX_free(context);
    return r;
}

bool certificates_are_older(const struct certificates *certificates, int64_t now_ms, int64_t life_ms)
{
    return certificates->store && now_ms - certificates->loaded_ms >= life_ms;
}

void certificates_free(struct certificates *certificates)
{
    X509_STORE_free(certificates->store);
    certificates->store = NULL;
}
