/* SPDX-License-Identifier: Apache-2.0 */
#include "client/warnings.h"

#include <stdio.h>

bool warnings_are_heard(const struct warnings *warnings)
{
    return warnings->options && warnings->options->warning;
}

void warn_args(struct warnings *warnings, const struct json_path *path, const char *format, va_list args)
{
    char text[TB_ERROR_MESSAGE_MAX], reason[TB_ERROR_MESSAGE_MAX / 2], place[JSON_PATH_TEXT_MAX + 1];
    const char *where = json_path_text(path, place);

    if (!warnings_are_heard(warnings) || warnings->count == WARNINGS_MAX)
        return;
    warnings->count++;
    vsnprintf(reason, sizeof(reason), format, args);
    snprintf(text, sizeof(text), "%s: %s: %s%s%s", warnings->operation, warnings->where, where,
             *where ? ": " : "", reason);
    warnings->options->warning(warnings->options->warning_context, text);
}

void warn(struct warnings *warnings, const struct json_path *path, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    warn_args(warnings, path, format, args);
    va_end(args);
}
