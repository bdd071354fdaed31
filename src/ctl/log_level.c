/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/log.h"
#include "ctl/daemon_action.h"
#include "ctl/message.h"

static int run(const struct arguments *arguments)
{
    const char *level = arguments->word_count > 0 ? arguments->words[0] : "";
    char body[64], done[64];
    size_t i;

    for (i = 0; log_level_names[i] && strcmp(log_level_names[i], level) != 0; i++)
        continue;
    if (!log_level_names[i])
        return say_usage("log-level", "log-level: expected error, warning, info or debug");
    snprintf(body, sizeof(body), "{\"level\":\"%s\"}", level);
    snprintf(done, sizeof(done), "the log level is %s", level);
    return daemon_action("log-level", "/-/log-level", body, done, arguments);
}

const struct subcommand log_level_subcommand = {
    .name = "log-level",
    .summary = "change how much tbproxyd logs",
    .usage = "Usage: tbproxyctl log-level LEVEL [OPTION]...\n"
             "Changes the level of the running tbproxyd's log to error, warning, info or\n"
             "debug, until it is restarted or reloaded.\n" ACTION_USAGE_TAIL,
    .options = action_options,
    .max_words = 1,
    .run = run,
};
