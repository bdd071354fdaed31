/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/subject_body.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "proxy/policy/subject_path.h"
#include "json/json_check.h"
#include "json/json_text.h"

/* False if it is not known, or is not JSON. */
static bool read_body(const struct policy_facts *facts, struct json_part *ret)
{
    if (!facts->body || facts->body_length > POLICY_BODY_MAX_BYTES ||
        !json_check(facts->body, facts->body_length, 0))
        return false;
    *ret = json_text_value(facts->body, facts->body_length);
    return true;
}

/* Longer strings are nothing that is compared here. */
#define STRING_MAX_BYTES 1024

/* NULL: there is none, or more than one way to read it. */
static const char *string_member(struct json_part object, const char *name, char ret[STRING_MAX_BYTES])
{
    struct json_part value;

    return json_text_member(object, name, &value) == 0 && json_text_copy(value, ret, STRING_MAX_BYTES) ? ret
                                                                                                       : NULL;
}

/* Whether TEXT, or NULL, is the id of another than the own user. */
static bool is_of_another(const char *text, const struct own_user *own)
{
    return text && own->id && !policy_may_be_own(text, strlen(text), own);
}

static bool has_less(struct json_part user, const struct own_user *own)
{
    char text[STRING_MAX_BYTES];

    return policy_has_less(authority_parse(string_member(user, "authority", text)), own->authority);
}

/* The server makes a new one if there is none. */
static bool is_new(struct json_part entity)
{
    struct json_part id;
    int r = json_text_member(entity, "id", &id);

    return *entity.text == '{' && (r == -ENOENT || (r == 0 && *id.text == 'n'));
}

static const char *id_of(struct json_part entity, char ret[STRING_MAX_BYTES])
{
    struct json_part id;

    return json_text_member(entity, "id", &id) == 0 ? string_member(id, "id", ret) : NULL;
}

/* A new user who has less authority may get an activation link; one who exists has to be looked up. */
static unsigned ruled_out_by_user(struct json_part user, const struct own_user *own)
{
    char id[STRING_MAX_BYTES];

    if (!own->id)
        return 0;
    if (is_new(user))
        return SET_ACCOUNT | (has_less(user, own) ? SET_SESSION : 0);
    return is_of_another(id_of(user, id), own) ? SET_ACCOUNT : 0;
}

static bool all_are_others(struct json_part list, const struct own_user *own)
{
    const char *at = list.text, *end = list.text + list.length;
    struct json_part element;

    if (*list.text != '[')
        return false;
    while (json_text_next_element(&at, end, &element)) {
        char id[STRING_MAX_BYTES];

        if (!json_text_copy(element, id, sizeof(id)) || !is_of_another(id, own))
            return false;
    }
    return true;
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

static bool is_harmless(const struct operation *operation, struct json_part body, const struct own_user *own)
{
    char email[STRING_MAX_BYTES];

    if (operation->condition == CONDITION_USER_IN_LIST)
        return all_are_others(body, own);
    if (operation->condition == CONDITION_ID_IN_BODY)
        return is_new(body);
    if (operation->condition != CONDITION_EMAIL_IN_BODY)
        return false;
    return is_anothers_email(string_member(body, "email", email), own);
}

unsigned policy_ruled_out_by_body(const struct operation *operation, const struct policy_facts *facts)
{
    struct json_part body;

    if (!read_body(facts, &body))
        return 0;
    if (operation->condition == CONDITION_USER_IN_BODY)
        return ruled_out_by_user(body, &facts->own);
    return is_harmless(operation, body, &facts->own) ? SET_SESSION | SET_ACCOUNT : 0;
}

bool policy_user_in_body(const struct policy_facts *facts, char ret[POLICY_ID_LENGTH + 1])
{
    char text[STRING_MAX_BYTES];
    struct json_part body;
    const char *id;

    if (!read_body(facts, &body))
        return false;
    id = id_of(body, text);
    if (!is_of_another(id, &facts->own) || !has_less(body, &facts->own))
        return false;
    memcpy(ret, id, POLICY_ID_LENGTH + 1);
    return true;
}
