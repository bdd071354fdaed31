/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the headers say, a request that the browser guard lets in is for a name of the listener or for the
 * server, and comes from its own pages, from those of the configuration, or from none. */
#include <strings.h>

#include "base/util.h"
#include "fuzz.h"
#include "http/origin.h"
#include "proxy/listen/browser_guard.h"

#define LINES 5

static const struct guarded_listener listener = {
    .port = 8282,
    .upstream = "https://tb.example:8443/prefix",
    .hosts = "tb-proxy, box.lan",
    .origins = "http://app.example,https://other.example:444",
};

static void check_url(const char *url)
{
    size_t length = strcspn(url, ", \t");
    bool has_host = origin_is_same(url, url);

    must(origin_length(url) <= strlen(url));
    must(!has_host || origin_length(url) > strlen("http://"));
    if (origin_is_exact(url, length))
        must(origin_length(url) >= length && has_host && !memchr(url + 8, '/', length - 8));
    if (host_is_name(url, length))
        must(length > 0 && length <= HOST_MAX_BYTES && strcspn(url, "/@:[]%") >= length);
}

/* Whether TEXT begins with one of the listener's names, and not with a longer one. */
static bool is_ours(const char *text)
{
    static const char *const names[] = {"localhost", "localhost.", "127.0.0.1",
                                        "[::1]",     "tb-proxy",   "box.lan"};
    size_t i;

    for (i = 0; i < ARRAY_SIZE(names); i++) {
        size_t length = strlen(names[i]);

        if (strncasecmp(text, names[i], length) == 0 && (!text[length] || strchr(":/?#", text[length])))
            return true;
    }
    return false;
}

static bool is_known(const char *url)
{
    return (strncasecmp(url, "http://", 7) == 0 && is_ours(url + 7)) ||
           strncasecmp(url, "http://app.example", 18) == 0 ||
           strncasecmp(url, "https://other.example:444", 25) == 0;
}

static void check_guard(const struct origin_headers *headers)
{
    const char *reason = NULL;
    int status = browser_guard_check(headers, &listener, false, &reason);

    must(status == 0 || status == 400 || status == 403 || status == 421);
    must((status == 0) == !reason && (status == 400) == !headers->host);
    if (status != 0)
        return;
    must(headers->target || is_ours(headers->host));
    must(!headers->target || strncasecmp(headers->target, "http://", 7) == 0 ||
         strncasecmp(headers->target, "https://tb.example:8443", 23) == 0);
    must(!headers->origin || is_known(headers->origin));
    must(!headers->referer || is_known(headers->referer));
    must(!headers->service_worker);
}

/* The input: host, origin, referer, Sec-Fetch-Site and an absolute target, each in a line; an empty line is
 * no header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text("", data, size), *rest = text, *lines[LINES] = {0};
    size_t i;

    for (i = 0; i < LINES && rest; i++) {
        lines[i] = strsep(&rest, "\n");
        check_url(lines[i]);
        if (!*lines[i])
            lines[i] = NULL;
    }
    check_guard(&(struct origin_headers){.host = lines[0],
                                         .origin = lines[1],
                                         .referer = lines[2],
                                         .sec_fetch_site = lines[3],
                                         .target = lines[4]});
    free(text);
    return 0;
}
