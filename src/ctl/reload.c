/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_action.h"

static int run(const struct arguments *arguments)
{
    return daemon_action("reload", "/-/reload", "", "the configuration was reloaded", arguments);
}

const struct subcommand reload_subcommand = {
    .name = "reload",
    .summary = "read the configuration again",
    .usage = "Usage: tbproxyctl reload [OPTION]...\n"
             "Makes tbproxyd read its configuration again, like systemctl reload tbproxyd. If\n"
             "it has a mistake, nothing changes.\n" ACTION_USAGE_TAIL,
    .options = action_options,
    .run = run,
};
