/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "upstream/credential.h"

struct credential *credential_new(const char *scheme, const char *secret, uint64_t generation,
                                  int64_t expires_ms)
{
    /* On the server, X-Authorization takes precedence over Authorization, and schemes are case-sensitive. */
    static const char format[] = "X-Authorization: %s %s";
    size_t size = sizeof(format) + strlen(scheme) + strlen(secret);
    struct credential *credential = malloc(sizeof(*credential) + size);

    if (!credential)
        return NULL;
    credential->references = 1;
    credential->generation = generation;
    credential->expires_ms = expires_ms;
    credential->header_length = (size_t)snprintf(credential->header, size, format, scheme, secret);
    return credential;
}

struct credential *credential_reference(struct credential *credential)
{
    credential->references++;
    return credential;
}

void credential_release(struct credential *credential)
{
    if (!credential || --credential->references > 0)
        return;
    explicit_bzero(credential->header, credential->header_length);
    free(credential);
}
