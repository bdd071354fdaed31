/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/remedy.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-login.h>

#include "base/secret.h"
#include "base/util.h"
#include "http/proxy_status.h"
#include "proxy/config/config.h"
#include "transport/options.h"
#include "upstream/session_delays.h"

#define RESTART        "systemctl restart %s" /* unit() */
#define UNIT_MAX_BYTES 64

_Static_assert(SESSION_LOOK_MS == 2000, "as the text says");
#define AT_ONCE "tbproxyd reads it within 2 s"

/* The service to restart: "tbproxyd@NAME" if that is what runs. */
static const char *unit(void)
{
    static char name[UNIT_MAX_BYTES] = "tbproxyd";
    static bool is_known;
    CLEANUP(free_pointer) char *found = NULL;

    if (!is_known && sd_pid_get_unit(0, &found) >= 0 && strncmp(found, "tbproxyd@", 9) == 0)
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(found, "."), found);
    is_known = true;
    return name;
}

/* systemd copies a credential only when it starts the service. */
static int new_secret(const char *what, const char *file, char **ret)
{
    if (secret_is_credential(file))
        return asprintf(ret,
                        "put %s into the file that LoadCredential=%s: names in the unit%s, then: " RESTART,
                        what, file, strcmp(file, "api-key") == 0 ? " (/etc/tbproxyd/api-key)" : "", unit());
    return asprintf(ret, "put %s into %s; " AT_ONCE, what, file);
}

static int new_password(const struct config *config, char **ret)
{
    const char *file = config->upstream.password_file;

    if (secret_is_credential(file))
        return asprintf(ret,
                        "correct the file that LoadCredential=%s: names in the unit, or upstream.username in "
                        "%s, then: " RESTART,
                        file, config->path, unit());
    return asprintf(ret,
                    "correct the password in %s; " AT_ONCE "; or upstream.username in %s, then: " RESTART,
                    file, config->path, unit());
}

char *remedy_for_credential(const struct config *config)
{
    char *ret = NULL;
    int r;

    if (*config->upstream.api_key_file)
        r = new_secret("a new API key", config->upstream.api_key_file, &ret);
    else if (*config->upstream.password_file)
        r = new_password(config, &ret);
    else if (*config->upstream.refresh_token_file)
        r = new_secret("a new pair of tokens: the refresh token into upstream.refresh_token_file, the token",
                       config->upstream.token_file, &ret);
    else
        r = new_secret("a new token", config->upstream.token_file, &ret);
    return r < 0 ? NULL : ret;
}

#define CHECK_PROXY "it is reached through upstream.proxy: is that one running? Check it and upstream.url"
#define CHECK_HTTP2 "does it speak HTTP/2 without being asked? If not, set upstream.http2 to \"auto\""

static bool has_proxy(const struct config *config)
{
    return *config->upstream.proxy;
}

static bool has_prior_knowledge(const struct config *config)
{
    return config->upstream.http2 == HTTP2_PRIOR_KNOWLEDGE;
}

static bool has_ca_file(const struct config *config)
{
    return *config->upstream.ca_file;
}

/* By the type of error; the first row that fits counts. NULL: any. */
static const struct {
    const char *token;
    bool (*applies)(const struct config *config);
    const char *text;
} remedies[] = {
    {"dns_error", has_proxy, CHECK_PROXY},
    {"connection_refused", has_proxy, CHECK_PROXY},
    {"connection_timeout", has_proxy, CHECK_PROXY},
    {"connection_terminated", has_proxy, CHECK_PROXY},
    {"connection_terminated", has_prior_knowledge, CHECK_HTTP2},
    {"http_protocol_error", has_prior_knowledge, CHECK_HTTP2},
    {"dns_error", NULL, "does this host's DNS work? Check the name in upstream.url"},
    {"connection_refused", NULL, "is it running? Check upstream.url"},
    {"tls_certificate_error", has_ca_file,
     "is its certificate valid at this host's date, and for the name in upstream.url? upstream.ca_file must hold "
     "the certificate of its CA (for a changed file: systemctl reload); if tbproxyd presents a certificate, "
     "check upstream.certificate_file"},
    {"tls_certificate_error", NULL,
     "is its certificate valid at this host's date, and for the name in upstream.url? For a CA of your own, set "
     "upstream.ca_file; if tbproxyd presents a certificate, check upstream.certificate_file"},
    {PROXY_STATUS_INTERNAL_ERROR, NULL,
     "tbproxyd lacks open files, memory or local ports: see LimitNOFILE= in its unit, listen.max_connections, "
     "upstream.max_connections, and the host's net.ipv4.ip_local_port_range"},
    {"tls_protocol_error", NULL,
     "does it speak TLS? Check upstream.url, upstream.tls_min_version and upstream.certificate_file"},
    {NULL, NULL, "is it running, and not overloaded? Is a firewall in between? Check upstream.url"},
};

static const char *without_answer(const struct config *config, const char *token)
{
    size_t i = 0;

    while ((remedies[i].token && strcmp(remedies[i].token, token) != 0) ||
           (remedies[i].applies && !remedies[i].applies(config)))
        i++;
    return remedies[i].text;
}

static const char *with_answer(int status)
{
    return status >= 502 && status <= 504
               ? "is ThingsBoard itself running? A gateway in front of it may answer. Check upstream.url"
               : "does a gateway or a captive portal answer instead of ThingsBoard? Check upstream.url";
}

void remedy_for_failure(const struct config *config, int status, const char *token, char *ret, size_t size)
{
    const char *text = status ? with_answer(status) : without_answer(config, token ? token : "");

    snprintf(ret, size, "%s in %s; after a change: " RESTART, text, config->path, unit());
}
