/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_page.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>

#include "client/answer_error.h"
#include "client/error.h"
#include "ctl/daemon_request.h"
#include "ctl/editions.h"
#include "ctl/message.h"

#define GET_TIMEOUT_MS  3000L  /* tbproxyd answers its own pages at once */
#define POST_TIMEOUT_MS 35000L /* tbproxyd itself waits 30 s for a renewal */

int daemon_page_add(struct buf *path, const char *name, const char *value)
{
    char *escaped = value ? curl_easy_escape(NULL, value, 0) : NULL;
    int r =
        escaped ? buf_append_format(path, "%c%s=%s", strchr(path->data, '?') ? '&' : '?', name, escaped) : 0;

    curl_free(escaped);
    return r;
}

/* tbproxyd knows users by their numbers only. */
int daemon_page_add_client(struct buf *path, const char *client, struct tb_error *err)
{
    const struct passwd *user = client ? getpwnam(client) : NULL;
    char number[32];

    if (client && !user && strncmp(client, "uid:", 4) != 0 && strcmp(client, "unknown") != 0)
        return FAIL(err, TB_ERROR_USAGE, -ENOENT, "there is no user %s; USER is a name or e.g. uid:1000",
                    client);
    if (user)
        snprintf(number, sizeof(number), "uid:%ju", (uintmax_t)user->pw_uid);
    if (daemon_page_add(path, "client", user ? number : client) < 0)
        return FAIL(err, TB_ERROR_USAGE, -EMSGSIZE, "the name of the user is too long");
    return 0;
}

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct buf *buf = context;

    return buf_append(buf, data, size * count) < 0 ? 0 : count;
}

static void set_body(CURL *easy, const char *body, struct curl_slist **headers)
{
    *headers = curl_slist_append(NULL, "Content-Type: application/json");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
}

/* Appends the answer to RET, and sets *RET_STATUS. */
static int perform(const struct connection_options *options, const char *path, const char *body,
                   struct buf *ret, long *ret_status, struct tb_error *err)
{
    char detail[CURL_ERROR_SIZE];
    struct curl_slist *headers = NULL;
    CURL *easy = daemon_request_new(options, path, detail, err);
    CURLcode code;
    int r = 0;

    if (!easy)
        return err ? err->code : -ENOMEM;
    if (body)
        set_body(easy, body, &headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, body ? POST_TIMEOUT_MS : GET_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, ret);
    code = curl_easy_perform(easy);
    if (code == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    else
        r = daemon_request_error(options, easy, code, detail, err);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    return r;
}

int daemon_page_request(const struct connection_options *options, const char *path, const char *body,
                        long *ret_status, json_t **ret, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(DAEMON_PAGE_MAX_BYTES);
    json_t *answer;
    int r = perform(options, path, body, &text, ret_status, err);

    if (r < 0)
        return r;
    answer = text.data ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    *ret = json_is_object(answer) ? json_incref(answer) : json_object();
    json_decref(answer);
    return *ret ? 0 : FAIL_MEMORY(err);
}

int daemon_page_get(const struct connection_options *options, const char *path, long *ret_status,
                    json_t **ret, struct tb_error *err)
{
    return daemon_page_request(options, path, NULL, ret_status, ret, err);
}

int daemon_page_refuse(int status, const json_t *answer, struct tb_error *err)
{
    const char *reason = json_string_value(json_object_get(answer, "message"));

    if (status == 200 || (status == 404 && !reason))
        reason = "tbproxyd is too old or does not offer this here, or this is not tbproxyd";
    err->status = status == 200 ? 0 : status;
    if (!reason)
        return FAIL(err, answer_kind(status), -EPROTO, "this is not tbproxyd (HTTP %d)", status);
    return FAIL(err, status == 200 ? TB_ERROR_DECODE : answer_kind(status), -EPROTO, "%s", reason);
}

int daemon_page_report(const char *subcommand, const struct connection_options *options,
                       const struct tb_error *err)
{
    if (err->kind == TB_ERROR_USAGE)
        return say_usage(subcommand, "%s: %s", subcommand, err->message);
    say("%s: %s%s", subcommand, err->message, connection_hint(options, err));
    return exit_status(err);
}

unsigned daemon_edition(const struct connection_options *options)
{
    json_t *answer = NULL;
    const char *name;
    unsigned edition;
    long status;

    /* Its answer is JSON, whether tbproxyd is ready or not. */
    daemon_page_get(options, "/-/ready", &status, &answer, NULL);
    name = json_string_value(json_object_get(answer, "edition"));
    edition = name ? edition_find(name) : EDITION_NONE;
    json_decref(answer);
    return edition;
}
