/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_answer.h"

#include <curl/curl.h>
#include <stdio.h>

#include "json/json_read.h"

/* Bytes of a redirect's target that are shown. */
#define LOCATION_SHOWN 200

#define WHO_ANSWERS "is %s a ThingsBoard server, or does a captive portal or a gateway answer?"

static const struct {
    const char *name, *path;
} calls[] = {
    [SESSION_CALL_LOGIN] = {"login (POST /api/auth/login)", "/api/auth/login"},
    [SESSION_CALL_REFRESH] = {"token renewal (POST /api/auth/token)", "/api/auth/token"},
    [SESSION_CALL_VERIFY] = {"check of the credential (GET /api/auth/user)", "/api/auth/user"},
};

/* ThingsboardErrorResponse. */
static bool is_error_of_thingsboard(const json_t *body)
{
    return json_is_integer(json_object_get(body, "status")) &&
           json_is_string(json_object_get(body, "message")) &&
           json_is_integer(json_object_get(body, "errorCode"));
}

/* Whether the answer is one of those that ask for patience and not for another URL. */
static bool asks_to_wait(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

static const char *part_of(CURLU *url, CURLUPart part, char **ret)
{
    return curl_url_get(url, part, ret, 0) == CURLUE_OK ? *ret : "";
}

static bool is_same_host_with_tls(CURLU *from, CURLU *to)
{
    char *parts[4] = {NULL, NULL, NULL, NULL};
    size_t i;
    bool same =
        strcmp(part_of(from, CURLUPART_SCHEME, &parts[0]), "http") == 0 &&
        strcmp(part_of(to, CURLUPART_SCHEME, &parts[1]), "https") == 0 &&
        strcasecmp(part_of(from, CURLUPART_HOST, &parts[2]), part_of(to, CURLUPART_HOST, &parts[3])) == 0;

    for (i = 0; i < ARRAY_SIZE(parts); i++)
        curl_free(parts[i]);
    return same;
}

/* Where a redirect leads, without what may be secret: user, password, query, fragment. NULL: nowhere; else to
 * be freed with curl_free(). *SAME_HOST: to https on the server that was asked for http. */
static char *target_of_redirect(const struct session_reply *reply, const char *path, bool *same_host)
{
    static const CURLUPart hidden[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    CURLU *from = curl_url(), *to = NULL;
    CLEANUP(free_pointer) char *asked = NULL;
    char *ret = NULL;
    size_t i;

    if (reply->location && reply->url && asprintf(&asked, "%s%s", reply->url, path) < 0)
        asked = NULL;
    if (asked && from && curl_url_set(from, CURLUPART_URL, asked, 0) == CURLUE_OK)
        to = curl_url_dup(from);
    if (to && curl_url_set(to, CURLUPART_URL, reply->location, 0) == CURLUE_OK) {
        for (i = 0; i < ARRAY_SIZE(hidden); i++)
            curl_url_set(to, hidden[i], NULL, 0);
        *same_host = is_same_host_with_tls(from, to);
        curl_url_get(to, CURLUPART_URL, &ret, 0);
    }
    curl_url_cleanup(from);
    curl_url_cleanup(to);
    return ret;
}

/* LOCATION without the PATH that was asked for: what belongs into the configuration. Whether it ended so. */
static bool cut_path(char *location, const char *path)
{
    size_t length = strlen(location), path_length = strlen(path);

    if (length <= path_length || strcmp(location + length - path_length, path) != 0)
        return false;
    location[length - path_length] = '\0';
    return true;
}

static void explain_redirect(enum session_call_kind kind, const struct session_reply *reply,
                             const struct session_options *options, char *reason, size_t size)
{
    bool same_host = false;
    char *location = target_of_redirect(reply, calls[kind].path, &same_host);

    if (!location)
        snprintf(reason, size, "%s: the server answers HTTP %d, a redirect that leads nowhere: " WHO_ANSWERS,
                 calls[kind].name, reply->status, options->url_name);
    else if (same_host && strlen(location) <= LOCATION_SHOWN && cut_path(location, calls[kind].path))
        snprintf(reason, size, "%s: the server answers with a redirect to %s: set %s to that",
                 calls[kind].name, location, options->url_name);
    else
        snprintf(reason, size, "%s: the server answers HTTP %d, a redirect to %.*s: " WHO_ANSWERS,
                 calls[kind].name, reply->status, LOCATION_SHOWN, location, options->url_name);
    curl_free(location);
}

/* "HTTP 401: Invalid username or password", with the server's own words where it has some. */
static void explain_status(enum session_call_kind kind, const struct session_reply *reply, const json_t *body,
                           const struct session_options *options, char *reason, size_t size)
{
    const char *message = json_string_value(json_object_get(body, "message"));
    bool odd = reply->status != 401 && !asks_to_wait(reply->status) && !is_error_of_thingsboard(body);
    int length = snprintf(reason, size, "%s: the server answered HTTP %d%s%.200s", calls[kind].name,
                          reply->status, message ? ": " : "", message ? message : "");

    if (odd && length >= 0 && (size_t)length < size)
        snprintf(reason + length, size - (size_t)length, ": " WHO_ANSWERS, options->url_name);
}

/* Whether BODY has a token of that name: what can stand in a header as it is. */
static bool has_token_named(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    const char *token = json_string_value(value);
    size_t length = 0;

    if (!token)
        return false;
    while (token[length] > 0x20 && token[length] < 0x7f)
        length++;
    return length > 0 && length == json_string_length(value);
}

/* Whether BODY says anything that a user of ThingsBoard has. */
static bool is_user(const json_t *body)
{
    return json_object_get(body, "id") || json_object_get(body, "email") ||
           json_object_get(body, "authority");
}

/* What is wrong with an answer of 200. */
static enum session_verdict judge_body(enum session_call_kind kind, const json_t *body,
                                       const struct session_options *options, char *reason, size_t size)
{
    bool has_token = has_token_named(body, "token");

    if (!json_is_object(body)) {
        snprintf(reason, size, "the answer to the %s is not JSON: " WHO_ANSWERS, calls[kind].name,
                 options->url_name);
        return SESSION_VERDICT_NONE;
    }
    if (kind == SESSION_CALL_VERIFY && !is_user(body)) {
        snprintf(reason, size, "the answer to the %s is not a user: " WHO_ANSWERS, calls[kind].name,
                 options->url_name);
        return SESSION_VERDICT_NONE;
    }
    if (kind == SESSION_CALL_VERIFY || (has_token && has_token_named(body, "refreshToken")))
        return SESSION_VERDICT_GOOD;
    if (has_token) { /* which is good for the second factor only, and a daemon does not have that */
        snprintf(reason, size, "the account wants a second factor at login: use an API key (%s)",
                 options->api_key_name);
        return SESSION_VERDICT_REFUSED;
    }
    snprintf(reason, size, "the answer to the %s holds no token: " WHO_ANSWERS, calls[kind].name,
             options->url_name);
    return SESSION_VERDICT_NONE;
}

enum session_verdict session_judge(enum session_call_kind kind, const struct session_reply *reply,
                                   const struct session_options *options, json_t **ret, char *reason,
                                   size_t size)
{
    json_t *body = json_read(reply->body, reply->length, 0, NULL);
    enum session_verdict verdict = SESSION_VERDICT_NONE;

    if (reply->status == 200) {
        verdict = judge_body(kind, body, options, reason, size);
    } else if (reply->status >= 300 && reply->status < 400) {
        explain_redirect(kind, reply, options, reason, size);
    } else {
        explain_status(kind, reply, body, options, reason, size);
        if (reply->status == 401 || (reply->status == 403 && is_error_of_thingsboard(body)))
            verdict = SESSION_VERDICT_REFUSED;
    }
    if (verdict == SESSION_VERDICT_GOOD)
        *ret = json_incref(body);
    json_decref(body);
    return verdict;
}
