/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/own_user.h"

#include <string.h>

#include "base/util.h"

enum authority authority_parse(const char *name)
{
    static const struct {
        const char *name;
        enum authority authority;
    } authorities[] = {
        {"CUSTOMER_USER", AUTHORITY_CUSTOMER_USER},
        {"TENANT_ADMIN", AUTHORITY_TENANT_ADMIN},
        {"SYS_ADMIN", AUTHORITY_SYS_ADMIN},
    };
    size_t i;

    for (i = 0; name && i < ARRAY_SIZE(authorities); i++)
        if (strcmp(authorities[i].name, name) == 0)
            return authorities[i].authority;
    return AUTHORITY_UNKNOWN;
}

struct own_user own_user_read(const json_t *user)
{
    const char *email = json_string_value(json_object_get(user, "email"));
    const char *authority = json_string_value(json_object_get(user, "authority"));

    if (email || authority)
        return (struct own_user){json_string_value(json_object_get(json_object_get(user, "id"), "id")), email,
                                 authority_parse(authority)};
    authority = json_string_value(json_array_get(json_object_get(user, "scopes"), 0));
    return (struct own_user){json_string_value(json_object_get(user, "userId")),
                             json_string_value(json_object_get(user, "sub")), authority_parse(authority)};
}
