/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of local programs, as policies read them: a body only rules out that a request is privileged, and
 * never if a parser of JSON finds the own user or more authority in it. */
#include <strings.h>

#include "base/util.h"
#include "fuzz.h"
#include "proxy/policy/subject.h"
#include "json/json_read.h"

#define OWN        "5ca1ab1e-feed-4bad-8add-c0ffee5ca1ab"
#define OTHER      "784f394c-42b6-435a-983c-b7beff2784f9"
#define OWN_MAIL   "a@example.org"
#define PRIVILEGED ((unsigned)(SET_SESSION | SET_ACCOUNT))

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcasecmp(json_string_value(value), text) == 0;
}

static bool is_own_or_above(const json_t *user)
{
    const json_t *authority = json_object_get(user, "authority");

    return is_text(json_object_get(json_object_get(user, "id"), "id"), OWN) ||
           is_text(authority, "TENANT_ADMIN") || is_text(authority, "SYS_ADMIN");
}

static bool has_own_mail(const json_t *body)
{
    return is_text(json_object_get(body, "email"), OWN_MAIL);
}

static bool has_own_id(const json_t *list)
{
    const json_t *id;
    size_t i;

    json_array_foreach(list, i, id)
    {
        if (is_text(id, OWN))
            return true;
    }
    return false;
}

static bool has_id(const json_t *role)
{
    return json_is_object(json_object_get(role, "id"));
}

/* Operations, and what must not be in their body. */
static const struct {
    const char *path;
    bool (*is_dangerous)(const json_t *body);
} rows[] = {
    {"/api/user", is_own_or_above},
    {"/api/noauth/resetPasswordByEmail", has_own_mail},
    {"/api/entityGroup/" OTHER "/addEntities", has_own_id},
    {"/api/role", has_id},
};

static unsigned sets_of(const struct operation *operation, const char *path, const char *body)
{
    struct policy_facts facts = {
        .own = {OWN, OWN_MAIL, AUTHORITY_TENANT_ADMIN}, .body = body, .body_length = body ? strlen(body) : 0};

    return policy_sets(operation, path, strlen(path), &facts);
}

/* The input: a byte for the operation, then the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t row = size ? data[0] % ARRAY_SIZE(rows) : 0;
    const struct operation *operation = operation_find("POST", rows[row].path, strlen(rows[row].path));
    char *body = fuzz_text("", data + (size > 0), size - (size > 0));
    json_t *value = json_read(body, strlen(body), 0, NULL);
    unsigned without = sets_of(operation, rows[row].path, NULL);
    unsigned with = sets_of(operation, rows[row].path, body);

    must((without & PRIVILEGED) != 0 && (with & ~without) == 0 &&
         (with | PRIVILEGED) == (without | PRIVILEGED));
    must((with & PRIVILEGED) != 0 || (value && !rows[row].is_dangerous(value)));
    json_decref(value);
    free(body);
    return 0;
}
