/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/session_answer.h"

#include <curl/curl.h>
#include <stdio.h>

#include "json/json_read.h"

/* Bytes of a redirect's target in a message. */
#define LOCATION_SHOWN 200

#define WHO_ANSWERS "check that %s is a ThingsBoard server, not a gateway or a captive portal"

bool session_answer_is_error(const json_t *body)
{
    return json_is_integer(json_object_get(body, "status")) &&
           json_is_string(json_object_get(body, "message")) &&
           json_is_integer(json_object_get(body, "errorCode"));
}

/* Whether STATUS suggests to try again later rather than to check the URL. */
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

/* Where a redirect leads, without what may be secret: user, password, query, fragment; to be freed with
 * curl_free(). NULL: nowhere. *SAME_HOST: from http to https on the same host. */
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

/* Removes the PATH that was asked for from the end of LOCATION: what is left belongs into the configuration.
 * Returns whether it was there. */
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
    char *location = target_of_redirect(reply, session_call_path(kind), &same_host);

    if (!location)
        snprintf(reason, size,
                 "%s: the server answered HTTP %d, a redirect without a usable Location: " WHO_ANSWERS,
                 session_call_name(kind), reply->status, options->url_name);
    else if (same_host && strlen(location) <= LOCATION_SHOWN && cut_path(location, session_call_path(kind)))
        snprintf(reason, size, "%s: the server answers with a redirect to %s: set %s to that",
                 session_call_name(kind), location, options->url_name);
    else
        snprintf(reason, size, "%s: the server answers HTTP %d, a redirect to %.*s: " WHO_ANSWERS,
                 session_call_name(kind), reply->status, LOCATION_SHOWN, location, options->url_name);
    curl_free(location);
}

/* "HTTP 500: Internal error", with the server's own message if there is one. */
static void explain_status(enum session_call_kind kind, const struct session_reply *reply, const json_t *body,
                           const struct session_options *options, char *reason, size_t size)
{
    const char *message = json_string_value(json_object_get(body, "message"));
    bool odd = !asks_to_wait(reply->status) && !session_answer_is_error(body);
    int length = snprintf(reason, size, "%s: the server answered HTTP %d%s%.200s", session_call_name(kind),
                          reply->status, message ? ": " : "", message ? message : "");

    if (odd && length >= 0 && (size_t)length < size)
        snprintf(reason + length, size - (size_t)length, ": " WHO_ANSWERS, options->url_name);
}

/* What the call of KIND carried, for a person: "the API key in /etc/tbproxyd/api-key". */
static const char *name_credential(enum session_call_kind kind, const struct session_options *options,
                                   const char **file)
{
    const struct secret_source *source = &options->token;
    const char *name = "the token";

    if (kind == SESSION_CALL_LOGIN) {
        source = &options->password;
        name = "the user name or the password";
    } else if (kind == SESSION_CALL_REFRESH) {
        source = &options->refresh_token;
        name = "the refresh token";
    } else if (secret_is_given(&options->api_key)) {
        source = &options->api_key;
        name = "the API key";
    }
    *file = source->file && *source->file ? source->file : NULL;
    return name;
}

/* The server says "Invalid username or password" for every credential that it does not know. */
static void explain_refusal(enum session_call_kind kind, const struct session_reply *reply,
                            const json_t *body, const struct session_options *options, char *reason,
                            size_t size)
{
    const char *message = json_string_value(json_object_get(body, "message")), *file;
    const char *name = name_credential(kind, options, &file);
    bool is_general = !message || strcmp(message, "Invalid username or password") == 0;
    int length = snprintf(reason, size, "%s%s%s is refused (HTTP %d)", name, file ? " in " : "",
                          file ? file : "", reply->status);

    if (length < 0 || (size_t)length >= size)
        return;
    if (kind != SESSION_CALL_LOGIN && is_general)
        snprintf(reason + length, size - (size_t)length, ": it was revoked or has expired");
    else if (message)
        snprintf(reason + length, size - (size_t)length, ": the server says: %.200s", message);
}

/* Whether BODY has a token of that name that needs no escaping in a header. */
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

/* Whether BODY has any member of a ThingsBoard user. */
static bool is_user(const json_t *body)
{
    return json_object_get(body, "id") || json_object_get(body, "email") ||
           json_object_get(body, "authority");
}

/* Checks the body of an answer of 200. */
static enum session_answer check_body(enum session_call_kind kind, const json_t *body,
                                      const struct session_options *options, char *reason, size_t size)
{
    bool has_token = has_token_named(body, "token");

    if (!json_is_object(body)) {
        snprintf(reason, size, "the answer to the %s is not JSON: " WHO_ANSWERS, session_call_name(kind),
                 options->url_name);
        return SESSION_ANSWER_UNRELATED;
    }
    if (kind == SESSION_CALL_VERIFY && !is_user(body)) {
        snprintf(reason, size, "the answer to the %s is not a user: " WHO_ANSWERS, session_call_name(kind),
                 options->url_name);
        return SESSION_ANSWER_UNRELATED;
    }
    if (kind == SESSION_CALL_VERIFY || (has_token && has_token_named(body, "refreshToken")))
        return SESSION_ANSWER_GOOD;
    if (has_token) { /* a pre-verification token: a daemon has no second factor */
        snprintf(reason, size, "the account requires a second factor at login: use an API key (%s)",
                 options->api_key_name);
        return SESSION_ANSWER_REFUSED;
    }
    snprintf(reason, size, "the answer to the %s holds no token: " WHO_ANSWERS, session_call_name(kind),
             options->url_name);
    return SESSION_ANSWER_UNRELATED;
}

enum session_answer session_answer_check(enum session_call_kind kind, const struct session_reply *reply,
                                         const struct session_options *options, json_t **ret, char *reason,
                                         size_t size)
{
    json_t *body = json_read(reply->body, reply->length, 0, NULL);
    enum session_answer answer = SESSION_ANSWER_UNRELATED;

    if (reply->status == 200) {
        answer = check_body(kind, body, options, reason, size);
    } else if (reply->status >= 300 && reply->status < 400) {
        explain_redirect(kind, reply, options, reason, size);
    } else if (reply->status == 401 || (reply->status == 403 && session_answer_is_error(body))) {
        explain_refusal(kind, reply, body, options, reason, size);
        answer = SESSION_ANSWER_REFUSED;
    } else {
        explain_status(kind, reply, body, options, reason, size);
    }
    if (answer == SESSION_ANSWER_GOOD)
        *ret = json_incref(body);
    json_decref(body);
    return answer;
}
