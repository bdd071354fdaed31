/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/arguments.h"
#include "ctl/message.h"

static const char head[] = "Usage: tbproxyctl SUBCOMMAND [ARGUMENT]...\n"
                           "Operates tbproxyd, and calls ThingsBoard's REST API, through it or directly.\n"
                           "\n";
static const char tail[] = "\n"
                           "      --version   print the version\n"
                           "  -h, --help      print this help\n"
                           "\n"
                           "Run tbproxyctl help SUBCOMMAND for more.\n";

static void print_list(void)
{
    size_t i;

    fputs(head, stdout);
    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            printf("  %-13s %s\n", subcommands[i]->name, subcommands[i]->summary);
    fputs(tail, stdout);
}

static int run(const struct arguments *arguments)
{
    const struct subcommand *subcommand;

    if (arguments->word_count == 0) {
        print_list();
        return finish(STATUS_GOOD);
    }
    subcommand = subcommand_find(arguments->words[0]);
    if (!subcommand)
        return refuse_subcommand(arguments->words[0]);
    fputs(subcommand->usage, stdout);
    return finish(STATUS_GOOD);
}

static const char *const options[] = {"help", NULL};

const struct subcommand help_subcommand = {
    .name = "help",
    .summary = "show how to use a subcommand",
    .usage = "Usage: tbproxyctl help [SUBCOMMAND]\n"
             "Shows how to use SUBCOMMAND, or lists the subcommands.\n",
    .options = options,
    .max_words = 1,
    .run = run,
};
