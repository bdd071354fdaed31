/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "ctl/ctl.h"

/* Passwords and tokens may be in memory: no core dump, no reading by other programs of the same user. */
static void protect_memory(void)
{
    struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
    const struct subcommand *subcommand;

    /* A connection that breaks is an error with a message, not a signal. */
    signal(SIGPIPE, SIG_IGN);
    protect_memory();
    if (argc < 2)
        return say_usage(NULL, "a subcommand is missing");
    if (is_help(argv[1]))
        return help_subcommand.run(0, NULL);
    if (strcmp(argv[1], "--version") == 0) {
        puts("tbproxyctl " PACKAGE_VERSION);
        return finish(STATUS_GOOD);
    }
    subcommand = subcommand_find(argv[1]);
    if (!subcommand)
        return say_usage(NULL, "unknown subcommand %s", argv[1]);
    if (argc > 2 && is_help(argv[2]))
        return help_subcommand.run(1, argv + 1);
    return subcommand->run(argc - 2, argv + 2);
}
