/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ctl.h"

static const char head[] =
    "Usage: tbproxyctl SUBCOMMAND [ARGUMENT]...\n"
    "Calls ThingsBoard's REST API through tbproxyd, or straight, and tells what is in it.\n"
    "\n";
static const char tail[] = "\n"
                           "      --version   print the version\n"
                           "  -h, --help      print this\n"
                           "\n"
                           "tbproxyctl help SUBCOMMAND tells more.\n";

static void print_list(void)
{
    size_t i;

    fputs(head, stdout);
    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            printf("  %-12s %s\n", subcommands[i]->name, subcommands[i]->summary);
    fputs(tail, stdout);
}

static int run(int argc, char **argv)
{
    const struct subcommand *subcommand;

    if (argc > 1)
        return say_usage(&help_subcommand, "unexpected argument %s", argv[1]);
    if (argc == 0) {
        print_list();
        return finish(STATUS_GOOD);
    }
    subcommand = subcommand_find(argv[0]);
    if (!subcommand)
        return say_usage(NULL, "unknown subcommand %s", argv[0]);
    fputs(subcommand->usage, stdout);
    return finish(STATUS_GOOD);
}

const struct subcommand help_subcommand = {
    .name = "help",
    .summary = "tell how a subcommand is used",
    .usage = "Usage: tbproxyctl help [SUBCOMMAND]\n"
             "Tells how SUBCOMMAND is used, or which ones there are.\n",
    .run = run,
};
