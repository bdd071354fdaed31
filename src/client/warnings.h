/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does not fit the API's document, but is no error: the warnings of one call, for the program's function
 * (tb_client_options.warning).
 */
#ifndef TB_CLIENT_WARNINGS_H
#define TB_CLIENT_WARNINGS_H

#include <tbclient/client.h>

#include "json/json_path.h"

#define WARNINGS_MAX 16 /* of one call; further ones are left out */

struct warnings {
    const tb_client_options *options; /* NULL: nobody listens, and nothing is left unchecked */
    const char *operation;
    const char *where; /* "body", "answer", or the name of a parameter */
    unsigned count;
};

/* Whether the program has a function for warnings. */
bool warnings_are_heard(const struct warnings *warnings);

/* Calls the program's function with "OPERATION: WHERE: PATH: FORMAT". */
void warn(struct warnings *warnings, const struct json_path *path, const char *format, ...) PRINTF_LIKE(3, 4);
void warn_args(struct warnings *warnings, const struct json_path *path, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

#endif
