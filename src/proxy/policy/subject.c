/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/subject.h"

#include <string.h>

#include "proxy/policy/subject_body.h"
#include "proxy/policy/subject_path.h"

/* ---- without facts ---- */

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* All POSTs known here make a session or end one, so a newer server's may, too. */
#define SIGN_UP "/api/signup/**"

static struct policy_subject in_no_document(const char *method, const char *path, size_t length)
{
    struct policy_subject subject = {.sets = is_safe(method) ? SET_READ : SET_WRITE};

    if (operation_at_path_is_in(path, length, SET_SESSION) ||
        (!is_safe(method) && path_matches(SIGN_UP, path, length)))
        subject.sets |= SET_SESSION;
    if (!is_safe(method) && operation_at_path_is_in(path, length, SET_ACCOUNT))
        subject.sets |= SET_ACCOUNT;
    return subject;
}

bool policy_subject_of(enum route_kind kind, const struct operation *operation, const char *method,
                       const char *path, size_t length, struct policy_subject *ret)
{
    switch (kind) {
    case ROUTE_TUNNEL:
        *ret = policy_websocket;
        return true;
    case ROUTE_SUBSCRIBE:
        *ret = policy_subscribe;
        return true;
    case ROUTE_FORWARD:
    case ROUTE_FORWARD_PAGE:
    case ROUTE_FORWARD_ANONYMOUS:
        *ret = operation ? (struct policy_subject){operation_id(operation), operation_tag(operation),
                                                   operation->sets}
                         : in_no_document(method, path, length);
        return true;
    default:
        return false;
    }
}

/* ---- with facts ---- */

bool policy_has_less(enum authority user, enum authority own)
{
    return user != AUTHORITY_UNKNOWN && user < own;
}

static unsigned ruled_out(const struct operation *operation, const char *path, size_t length,
                          const struct policy_facts *facts)
{
    bool is_harmless = false;

    switch ((enum operation_condition)operation->condition) {
    case CONDITION_USER_IN_PATH:
        is_harmless = facts->own.id && !policy_path_may_name_own(operation, path, length, &facts->own);
        break;
    case CONDITION_KEY_IN_PATH:
        is_harmless = !facts->has_api_key;
        break;
    case CONDITION_ENTITY_TYPE_IN_PATH:
        is_harmless = !policy_path_may_be_user(operation, path, length);
        break;
    case CONDITION_SETTINGS_IN_PATH:
        is_harmless = !policy_path_may_be_signing_key(path, length);
        break;
    case CONDITION_USER_IN_BODY:
    case CONDITION_USER_IN_LIST:
    case CONDITION_EMAIL_IN_BODY:
    case CONDITION_ID_IN_BODY:
        return policy_ruled_out_by_body(operation, facts);
    case CONDITION_USER_AUTHORITY:
    case CONDITION_GROUP_TYPE:
    case CONDITION_ALWAYS:
        break;
    }
    return is_harmless ? SET_SESSION | SET_ACCOUNT : 0;
}

unsigned policy_sets(const struct operation *operation, const char *path, size_t length,
                     const struct policy_facts *facts)
{
    return operation->sets & ~ruled_out(operation, path, length, facts);
}

const char *policy_condition_text(enum operation_condition condition)
{
    static const char *const texts[] = {
        [CONDITION_ALWAYS] = NULL,
        [CONDITION_USER_AUTHORITY] = "the user has less authority than tbproxyd's own",
        [CONDITION_USER_IN_PATH] = "the path names another user than tbproxyd's own",
        [CONDITION_USER_IN_BODY] = "the body is a user with less authority than tbproxyd's own",
        [CONDITION_USER_IN_LIST] = "the body does not name tbproxyd's own user",
        [CONDITION_EMAIL_IN_BODY] = "the e-mail is another than that of tbproxyd's own user",
        [CONDITION_ID_IN_BODY] = "the body has no id, so that it is new",
        [CONDITION_KEY_IN_PATH] = "tbproxyd authenticates without an API key",
        [CONDITION_ENTITY_TYPE_IN_PATH] = "the path names something else than a user",
        [CONDITION_SETTINGS_IN_PATH] = "the settings are others than \"jwt\"",
        [CONDITION_GROUP_TYPE] = "it is not a group of users",
    };

    return texts[condition];
}
