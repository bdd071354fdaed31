/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/subject.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

/* ---- without facts ---- */

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* All POSTs known here make a session or end one, so a newer server's may, too. */
#define SIGN_UP "/api/signup/**"

struct policy_subject policy_subject_of(const struct operation *operation, const char *method,
                                        const char *path, size_t length)
{
    struct policy_subject subject = {.sets = is_safe(method) ? SET_READ : SET_WRITE};

    if (operation)
        return (struct policy_subject){operation_id(operation), operation_tag(operation), operation->sets};
    if (operation_at_path_is_in(path, length, SET_SESSION) ||
        (!is_safe(method) && path_matches(SIGN_UP, path, length)))
        subject.sets |= SET_SESSION;
    return subject;
}

/* ---- the path ---- */

struct segment {
    const char *text;
    size_t length;
};

/* The segment at *AT, which is after a slash; moves *AT to the next one. False: there is none. */
static bool next_segment(const char **at, const char *end, struct segment *ret)
{
    const char *slash;

    if (*at >= end)
        return false;
    slash = memchr(*at, '/', (size_t)(end - *at));
    *ret = (struct segment){*at, (size_t)((slash ? slash : end) - *at)};
    *at = slash ? slash + 1 : end;
    return true;
}

/* The server also reads an id without its leading zeros, so only its canonical text can be compared. */
static bool is_user_id(struct segment id)
{
    size_t i;

    if (id.length != USER_ID_LENGTH)
        return false;
    for (i = 0; i < id.length; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? id.text[i] != '-'
                                                    : !isxdigit((unsigned char)id.text[i]))
            return false;
    return true;
}

static bool is_id_variable(struct segment pattern)
{
    static const char suffix[] = "Id}";
    size_t length = sizeof(suffix) - 1;

    return pattern.length > length && *pattern.text == '{' &&
           memcmp(pattern.text + pattern.length - length, suffix, length) == 0;
}

static bool is_own(struct segment id, const struct own_user *own)
{
    return !is_user_id(id) || strncasecmp(id.text, own->id, USER_ID_LENGTH) == 0;
}

static bool path_may_name_own(const struct operation *operation, const char *path, size_t length,
                              const struct own_user *own)
{
    const char *pattern = operation_path(operation) + 1, *pattern_end = pattern + strlen(pattern);
    const char *at = path + 1, *end = path + length;
    struct segment wanted, found;

    while (next_segment(&pattern, pattern_end, &wanted) && next_segment(&at, end, &found))
        if (is_id_variable(wanted) && is_own(found, own))
            return true;
    return false;
}

bool policy_user_in_path(const struct operation *operation, const char *path, size_t length,
                         char ret[USER_ID_LENGTH + 1])
{
    const char *pattern = operation_path(operation) + 1, *pattern_end = pattern + strlen(pattern);
    const char *at = path + 1, *end = path + length;
    struct segment wanted, found;

    while (next_segment(&pattern, pattern_end, &wanted) && next_segment(&at, end, &found))
        if (is_id_variable(wanted) && is_user_id(found)) {
            memcpy(ret, found.text, USER_ID_LENGTH);
            ret[USER_ID_LENGTH] = '\0';
            return true;
        }
    return false;
}

/* The settings "jwt" hold the signing key. */
static bool path_may_be_signing_key(const char *path, size_t length)
{
    static const char prefix[] = "/api/admin/settings/";
    struct segment key;
    const char *at = path + strlen(prefix);

    return length <= strlen(prefix) || !next_segment(&at, path + length, &key) ||
           memchr(key.text, '%', key.length) || (key.length == 3 && strncasecmp(key.text, "jwt", 3) == 0);
}

/* ---- the body ---- */

/* NULL unless there is one way to read it. */
static json_t *read_body(const struct policy_facts *facts)
{
    json_t *body =
        facts->body ? json_loadb(facts->body, facts->body_length, JSON_REJECT_DUPLICATES, NULL) : NULL;

    if (json_is_object(body))
        return body;
    json_decref(body);
    return NULL;
}

/* The sets that the user in BODY rules out: another user's account may be changed; and a new user who has
 * less authority may get an activation link. */
static unsigned ruled_out_by_user(const json_t *body, const struct own_user *own)
{
    const json_t *id = json_object_get(body, "id");
    const char *text = json_string_value(json_object_get(id, "id"));
    const char *authority = json_string_value(json_object_get(body, "authority"));

    if (!id || json_is_null(id))
        return SET_ACCOUNT | (policy_has_less(authority_parse(authority), own->authority) ? SET_SESSION : 0);
    if (!text || is_own((struct segment){text, strlen(text)}, own))
        return 0;
    return SET_ACCOUNT | SET_SESSION;
}

static bool settings_decide_about_logins(const char *key)
{
    static const char *const keys[] = {"jwt", "securitySettings", "twoFaSettings"};
    size_t i;

    for (i = 0; key && i < ARRAY_SIZE(keys); i++)
        if (strcasecmp(keys[i], key) == 0)
            return true;
    return !key;
}

static unsigned ruled_out_by_body(const struct operation *operation, const struct policy_facts *facts)
{
    json_t *body = read_body(facts);
    unsigned sets = 0;

    if (!body)
        return 0;
    if (operation->condition == CONDITION_USER_IN_BODY && facts->own.id)
        sets = ruled_out_by_user(body, &facts->own);
    if (operation->condition == CONDITION_SETTINGS_IN_BODY &&
        !settings_decide_about_logins(json_string_value(json_object_get(body, "key"))))
        sets = SET_ACCOUNT;
    json_decref(body);
    return sets;
}

/* ---- with facts ---- */

bool policy_has_less(enum authority user, enum authority own)
{
    return user != AUTHORITY_UNKNOWN && user < own;
}

unsigned policy_sets(const struct operation *operation, const char *path, size_t length,
                     const struct policy_facts *facts)
{
    unsigned sets = operation->sets;

    switch ((enum operation_condition)operation->condition) {
    case CONDITION_USER_IN_PATH:
        return facts->own.id && !path_may_name_own(operation, path, length, &facts->own)
                   ? sets & ~(unsigned)SET_ACCOUNT
                   : sets;
    case CONDITION_KEY_IN_PATH:
        return facts->has_api_key ? sets : sets & ~(unsigned)SET_ACCOUNT;
    case CONDITION_SETTINGS_IN_PATH:
        return path_may_be_signing_key(path, length) ? sets : sets & ~(unsigned)SET_SESSION;
    case CONDITION_USER_IN_BODY:
    case CONDITION_SETTINGS_IN_BODY:
        return sets & ~ruled_out_by_body(operation, facts);
    case CONDITION_USER_AUTHORITY:
    case CONDITION_ALWAYS:
        break;
    }
    return sets;
}

const char *policy_condition_text(enum operation_condition condition)
{
    static const char *const texts[] = {
        [CONDITION_ALWAYS] = NULL,
        [CONDITION_USER_AUTHORITY] = "the user has less authority than tbproxyd's own",
        [CONDITION_USER_IN_PATH] = "the path names another user than tbproxyd's own",
        [CONDITION_USER_IN_BODY] =
            "the body is another user, or a new one with less authority than tbproxyd's own",
        [CONDITION_KEY_IN_PATH] = "tbproxyd authenticates without an API key",
        [CONDITION_SETTINGS_IN_PATH] = "the settings are others than \"jwt\"",
        [CONDITION_SETTINGS_IN_BODY] = "the settings are others than \"jwt\", \"securitySettings\" and "
                                       "\"twoFaSettings\"",
    };

    return texts[condition];
}
