/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_action.h"
#include "ctl/message.h"

static int run(const struct arguments *arguments)
{
    if (arguments->word_count != 1 || strcmp(arguments->words[0], "renew") != 0)
        return say_usage("session", "session: expected renew");
    return daemon_action("session", "/-/session/renew", "", "the session was renewed", arguments);
}

const struct subcommand session_subcommand = {
    .name = "session",
    .summary = "renew tbproxyd's session with the server",
    .usage = "Usage: tbproxyctl session renew [OPTION]...\n"
             "Makes tbproxyd read its credential again and log in to the server now, e.g.\n"
             "after the password or the API key was changed.\n" ACTION_USAGE_TAIL,
    .options = action_options,
    .max_words = 1,
    .run = run,
};
