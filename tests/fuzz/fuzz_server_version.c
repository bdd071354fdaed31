/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a server answers, the questions end, and a version that is found is fit for the log. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "upstream/server_version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 404, 401, 0};
    struct server_version probe = {0};
    unsigned questions = 0;
    const char *c;

    while (server_version_next_path(&probe)) {
        if (++questions > 3)
            abort();
        server_version_answer(&probe, size ? statuses[data[0] >> (2 * questions) & 3] : 0,
                              (const char *)data + (size > 0), size - (size > 0));
    }
    if (!memchr(probe.version, '\0', sizeof(probe.version)))
        abort();
    for (c = probe.version; *c; c++)
        if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\')
            abort();
    return 0;
}
