/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/question.h"

#include <stdio.h>
#include <string.h>

#include "proxy/policy/subject_body.h"
#include "proxy/policy/subject_path.h"

#define USER_TARGET  "/api/user/"
#define GROUP_TARGET "/api/entityGroup/"

/* Of the own user the answer is known: not less. */
static bool find_user(const struct operation *operation, const char *path, size_t length,
                      const struct policy_facts *facts, char ret[POLICY_ID_LENGTH + 1])
{
    if (operation->condition == CONDITION_USER_IN_BODY)
        return policy_user_in_body(facts, ret);
    return operation->condition == CONDITION_USER_AUTHORITY &&
           policy_id_in_path(operation, path, length, ret) &&
           !(facts->own.id && policy_may_be_own(ret, POLICY_ID_LENGTH, &facts->own));
}

bool policy_question(const struct operation *operation, const char *path, size_t length,
                     const struct policy_facts *facts, char ret[POLICY_QUESTION_BYTES])
{
    char id[POLICY_ID_LENGTH + 1];
    const char *prefix = NULL;

    if (find_user(operation, path, length, facts, id))
        prefix = USER_TARGET;
    else if (operation->condition == CONDITION_GROUP_TYPE && policy_id_in_path(operation, path, length, id))
        prefix = GROUP_TARGET;
    if (prefix)
        snprintf(ret, POLICY_QUESTION_BYTES, "%s%s", prefix, id);
    return prefix != NULL;
}

unsigned policy_ruled_out_by_answer(const struct operation *operation, const json_t *answer,
                                    const struct own_user *own)
{
    const char *authority = json_string_value(json_object_get(answer, "authority"));
    const char *type = json_string_value(json_object_get(answer, "type"));
    bool is_harmless = operation->condition == CONDITION_GROUP_TYPE
                           ? type && strcmp(type, "USER") != 0
                           : policy_has_less(authority_parse(authority), own->authority);

    return is_harmless ? SET_SESSION | SET_ACCOUNT : 0;
}
