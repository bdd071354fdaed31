/* SPDX-License-Identifier: Apache-2.0 */
/* tbproxyd itself checks, because only it knows the rules: this one runs it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "ctl/arguments.h"
#include "ctl/message.h"

#define PROGRAM "tbproxyd"

/* tbproxyd in the folder of this program: both are of the same version. */
static int find_beside(char ret[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", ret, PATH_MAX - sizeof(PROGRAM));
    char *slash;

    if (length < 0)
        return -errno;
    ret[length] = '\0';
    slash = strrchr(ret, '/');
    memcpy(slash ? slash + 1 : ret, PROGRAM, sizeof(PROGRAM));
    return 0;
}

static int run(const struct arguments *arguments)
{
    char *words[] = {(char *)PROGRAM, (char *)"--check-config", (char *)"--config",
                     (char *)(arguments->config ? arguments->config : CONFIG_PATH), NULL};
    char path[PATH_MAX];

    if (find_beside(path) == 0)
        execv(path, words);
    execvp(PROGRAM, words);
    say("check-config: %s: %s; install the package tbproxyd", PROGRAM, strerror(errno));
    return STATUS_FAILED;
}

static const char *const options[] = {"config", "help", NULL};

const struct subcommand check_config_subcommand = {
    .name = "check-config",
    .summary = "check tbproxyd's configuration",
    .usage = "Usage: tbproxyctl check-config [--config FILE]\n"
             "Checks tbproxyd's configuration and the files that it names, with tbproxyd\n"
             "--check-config, and reports all mistakes, each with its line. Nothing changes.\n"
             "\n"
             "  --config FILE        the configuration; default:\n"
             "                       " CONFIG_PATH "\n"
             "\n"
             "Exit status: 0 if it is good, 78 if it has mistakes, 2 for a wrong command line,\n"
             "1 for any other failure.\n",
    .options = options,
    .run = run,
};
