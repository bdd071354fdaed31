/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/check_files.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pwd.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "proxy/config/check.h"
#include "proxy/config/config.h"
#include "proxy/config/values.h"
#include "transport/certificates.h"
#include "transport/transport.h"

#define PLACE_MAX_BYTES 4352 /* of a path, a line and an option */

enum file_kind {
    FILE_SECRET, /* one line; read by secret_read() */
    FILE_KEY,    /* PEM, readable by its owner only */
    FILE_PEM,
    FILE_CA, /* PEM, certificates */
};

static const struct file {
    const char *option;
    size_t offset; /* in struct config */
    enum file_kind kind;
} files[] = {
    {"upstream.api_key_file", offsetof(struct config, upstream.api_key_file), FILE_SECRET},
    {"upstream.password_file", offsetof(struct config, upstream.password_file), FILE_SECRET},
    {"upstream.token_file", offsetof(struct config, upstream.token_file), FILE_SECRET},
    {"upstream.refresh_token_file", offsetof(struct config, upstream.refresh_token_file), FILE_SECRET},
    {"upstream.proxy_password_file", offsetof(struct config, upstream.proxy_password_file), FILE_SECRET},
    {"upstream.ca_file", offsetof(struct config, upstream.ca_file), FILE_CA},
    {"upstream.certificate_file", offsetof(struct config, upstream.certificate_file), FILE_PEM},
    {"upstream.key_file", offsetof(struct config, upstream.key_file), FILE_KEY},
};

static const char *path_of(const struct file *file, const struct config *config)
{
    return *(char *const *)(const void *)((const char *)config + file->offset);
}

/* Returns 1, the number of errors. */
static unsigned report(const char *option, const struct tb_error *err)
{
    log_error("%s: %s", option, err->message);
    return 1;
}

static void print_user(uid_t user, char *text, size_t size)
{
    const struct passwd *entry = getpwuid(user);

    if (entry)
        snprintf(text, size, "%s", entry->pw_name);
    else
        snprintf(text, size, "%ju", (uintmax_t)user);
}

/* The owner of a file can change it, whatever its permissions. */
static unsigned check_owner(const char *option, const char *path, const struct stat *status)
{
    char owner[64], user[64];

    if (status->st_uid == 0 || status->st_uid == geteuid())
        return 0;
    print_user(status->st_uid, owner, sizeof(owner));
    print_user(geteuid(), user, sizeof(user));
    log_error("%s: %s: owned by %s, who can change it; run chown %s %s", option, path, owner, user, path);
    return 1;
}

static unsigned check_writers(const char *option, const char *path, const struct stat *status)
{
    if (!(status->st_mode & 022))
        return 0;
    log_error("%s: %s: writable by others; run chmod go-w %s", option, path, path);
    return 1;
}

/* Only a warning, because secret_take() and OpenSSL skip it. */
static void check_mark(const char *option, const char *path, int fd)
{
    char start[3];
    ssize_t n = pread(fd, start, sizeof(start), 0);

    if (n > 0 && utf8_mark_length(start, (size_t)n) > 0)
        log_warning("%s: %s: ignored a byte order mark at the beginning", option, path);
}

static unsigned check_pem(enum file_kind kind, const char *option, const char *path, int fd)
{
    struct tb_error err = TB_ERROR_INIT;
    char start;
    ssize_t n = read(fd, &start, 1);

    if (n < 0)
        log_error("%s: %s: cannot be read: %s", option, path, strerror(errno));
    else if (n == 0)
        log_error("%s: %s: is empty", option, path);
    else if (kind == FILE_CA && certificates_check_file(path, &err) < 0)
        return report(option, &err);
    return n <= 0;
}

static unsigned check_secret(const char *option, const char *path, int fd)
{
    CLEANUP(free_secret_pointer) char *secret = NULL;
    struct tb_error err = TB_ERROR_INIT;

    return secret_take(fd, path, &secret, &err) < 0 ? report(option, &err) : 0;
}

/* OPTION with the line in which it is set. */
static const char *place(const struct config *config, const char *option, char ret[PLACE_MAX_BYTES])
{
    const char *at = config_place(config, option);

    snprintf(ret, PLACE_MAX_BYTES, "%s%s%s", at ? at : "", at ? ": " : "", option);
    return ret;
}

static unsigned check_file(const struct file *file, const char *option, const char *path, FILE *out)
{
    struct tb_error err = TB_ERROR_INIT;
    CLEANUP(close_fd) int fd = -1;
    struct stat status;
    unsigned errors = 0;

    if (file->kind == FILE_SECRET && secret_is_credential(path) && !getenv("CREDENTIALS_DIRECTORY")) {
        fprintf(out, "%s: not checked: systemd credentials are available only to the service\n",
                file->option);
        return 0;
    }
    if (file->kind != FILE_SECRET && *path != '/')
        return 0; /* config_check() reports it */
    fd = secret_open(path, &err);
    if (fd < 0 || fstat(fd, &status) < 0)
        return report(option, &err);
    if (!secret_is_credential(path)) {
        if (file->kind != FILE_SECRET && file->kind != FILE_KEY)
            errors += check_writers(option, path, &status);
        else if (secret_check_mode(fd, path, &err) < 0)
            errors += report(option, &err);
        errors += check_owner(option, path, &status);
    }
    check_mark(option, path, fd);
    return errors + (file->kind == FILE_SECRET ? check_secret(option, path, fd)
                                               : check_pem(file->kind, option, path, fd));
}

/* Only a regular file can be changed; PATH may also be a pipe, or /dev/null. */
static unsigned check_config_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return 0;
    return check_writers("configuration", path, &status) + check_owner("configuration", path, &status);
}

/* HOST as in a URL: an IPv6 address in brackets. */
static bool is_loopback(const char *host)
{
    size_t length = strlen(host);
    struct in_addr ipv4;

    return strcasecmp(host, "localhost") == 0 || strcasecmp(host, "localhost.") == 0 ||
           strcmp(host, "[::1]") == 0 ||
           (length > 0 && inet_pton(AF_INET, host, &ipv4) == 1 && ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET);
}

static void check_url(const char *option, const char *text)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;

    if (transport_check_url(text, NULL) == 0 && url &&
        curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && strcmp(scheme, "http") == 0 &&
        !is_loopback(host))
        log_warning("%s: %s: the credential is sent unencrypted; use https", option, text);
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
}

static void check_urls(const struct config *config)
{
    CLEANUP(config_urls_free) struct config_urls urls = {0};
    struct tb_error err = TB_ERROR_INIT; /* config_check() reports it */
    char option[PLACE_MAX_BYTES];
    size_t i;

    check_url(place(config, "upstream.url", option), config->upstream.url);
    place(config, "upstream.fallback_urls", option);
    if (config_fallback_urls(config, &urls, &err) == 0)
        for (i = 0; urls.list[i]; i++)
            check_url(option, urls.list[i]);
}

static unsigned check_group(const struct config *config, const char *option, const char *name)
{
    struct tb_error err = TB_ERROR_INIT;
    const char *at;
    gid_t group;

    if (config_group(option, name, &group, &err) == 0)
        return 0;
    at = config_place(config, err.message);
    log_error("%s%s%s", at ? at : "", at ? ": " : "", err.message);
    return 1;
}

/* Whether the client's certificate and key belong together, if each of them is good. */
static unsigned check_certificate(const struct config *config)
{
    const char *path = config->upstream.certificate_file, *key_path = config->upstream.key_file;
    struct tb_error err = TB_ERROR_INIT;
    char option[PLACE_MAX_BYTES];

    if (*path != '/' || *key_path != '/' || certificates_check_own(path, key_path, &err) == 0)
        return 0;
    return report(place(config, "upstream.certificate_file", option), &err);
}

/* Not whose it is: the service has a user of its own. A directory that is missing is made, if its parent is
 * there. */
static unsigned check_spool(const struct config *config)
{
    const char *path = config->spool.directory;
    CLEANUP(free_pointer) char *copy = strdup(path);
    char option[PLACE_MAX_BYTES];
    struct stat status;

    place(config, "spool.directory", option);
    if (stat(path, &status) < 0 && (errno != ENOENT || !copy || stat(dirname(copy), &status) < 0))
        log_error("%s: %s: %s", option, path, strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        log_error("%s: %s: is not a directory", option, path);
    else if (status.st_mode & 077 && access(path, F_OK) == 0)
        log_error("%s: %s: others have rights; run chmod 0700 %s", option, path, path);
    else
        return 0;
    return 1;
}

unsigned config_check_files(const struct config *config, const char *path, FILE *out)
{
    unsigned errors = check_config_file(path), of_files = 0;
    char option[PLACE_MAX_BYTES];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(files); i++)
        if (*path_of(&files[i], config))
            of_files += check_file(&files[i], place(config, files[i].option, option),
                                   path_of(&files[i], config), out);
    if (of_files == 0)
        errors += check_certificate(config);
    check_urls(config);
    if (config->spool.mode != SPOOL_MODE_OFF && *config->spool.directory == '/')
        errors += check_spool(config);
    return errors + of_files + check_group(config, "listen.unix_group", config->listen.unix_group) +
           check_group(config, "admin.unix_group", config->admin.unix_group);
}

int config_check_tls_files(const struct config *config, struct tb_error *err)
{
    size_t i;
    int r;

    for (i = 0; i < ARRAY_SIZE(files); i++) {
        const char *path = path_of(&files[i], config);
        CLEANUP(close_fd) int fd = -1;

        if (files[i].kind == FILE_SECRET || !*path)
            continue;
        fd = secret_open(path, err);
        r = fd < 0 ? fd : files[i].kind == FILE_KEY ? secret_check_mode(fd, path, err) : 0;
        if (r < 0)
            return tb_error_prefix(err, "%s", files[i].option);
    }
    return 0;
}
