/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/subject_body.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "proxy/policy/subject_path.h"

/* NULL unless there is one way to read it. */
static json_t *read_body(const struct policy_facts *facts)
{
    return facts->body ? json_loadb(facts->body, facts->body_length, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

/* Whether TEXT, or NULL, is the id of another than the own user. */
static bool is_of_another(const char *text, const struct own_user *own)
{
    return text && own->id && !policy_may_be_own(text, strlen(text), own);
}

static bool has_less(const json_t *user, const struct own_user *own)
{
    return policy_has_less(authority_parse(json_string_value(json_object_get(user, "authority"))),
                           own->authority);
}

/* The server makes a new one if there is none. */
static bool is_new(const json_t *entity)
{
    const json_t *id = json_object_get(entity, "id");

    return json_is_object(entity) && (!id || json_is_null(id));
}

static const char *id_of(const json_t *entity)
{
    return json_string_value(json_object_get(json_object_get(entity, "id"), "id"));
}

/* A new user who has less authority may get an activation link; one who exists has to be looked up. */
static unsigned ruled_out_by_user(const json_t *user, const struct own_user *own)
{
    if (!own->id)
        return 0;
    if (is_new(user))
        return SET_ACCOUNT | (has_less(user, own) ? SET_SESSION : 0);
    return is_of_another(id_of(user), own) ? SET_ACCOUNT : 0;
}

static bool all_are_others(const json_t *list, const struct own_user *own)
{
    size_t i;
    const json_t *id;

    json_array_foreach(list, i, id) if (!is_of_another(json_string_value(id), own)) return false;
    return json_is_array(list);
}

/* The server ignores case and blanks, and knows more letters than ASCII has. */
static bool is_anothers_email(const char *email, const struct own_user *own)
{
    const char *c;

    for (c = email; c && *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return email && own->name && strcasecmp(email, own->name) != 0;
}

unsigned policy_ruled_out_by_body(const struct operation *operation, const struct policy_facts *facts)
{
    json_t *body = read_body(facts);
    bool is_harmless = false;
    unsigned sets = 0;

    if (operation->condition == CONDITION_USER_IN_BODY)
        sets = ruled_out_by_user(body, &facts->own);
    else if (operation->condition == CONDITION_USER_IN_LIST)
        is_harmless = all_are_others(body, &facts->own);
    else if (operation->condition == CONDITION_EMAIL_IN_BODY)
        is_harmless = is_anothers_email(json_string_value(json_object_get(body, "email")), &facts->own);
    else if (operation->condition == CONDITION_ID_IN_BODY)
        is_harmless = is_new(body);
    json_decref(body);
    return is_harmless ? SET_SESSION | SET_ACCOUNT : sets;
}

bool policy_user_in_body(const struct policy_facts *facts, char ret[POLICY_ID_LENGTH + 1])
{
    json_t *body = read_body(facts);
    const char *id = id_of(body);
    bool found = is_of_another(id, &facts->own) && has_less(body, &facts->own);

    if (found)
        memcpy(ret, id, POLICY_ID_LENGTH + 1);
    json_decref(body);
    return found;
}
