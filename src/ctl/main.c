/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "ctl/arguments.h"
#include "ctl/message.h"
#include "ctl/spelling.h"
#include "ctl/subcommand.h"

const struct subcommand *const subcommands[] = {
    &status_subcommand,
    &top_subcommand,
    &wait_subcommand,
    &limits_subcommand,
    &queue_subcommand,
    &clients_subcommand,
    &spool_subcommand,
    &trace_subcommand,
    &reload_subcommand,
    &session_subcommand,
    &log_level_subcommand,
    &policy_subcommand,
    &check_config_subcommand,
    &call_subcommand,
    &get_subcommand,
    &post_subcommand,
    &put_subcommand,
    &delete_subcommand,
    &operations_subcommand,
    &describe_subcommand,
    &help_subcommand,
    &complete_subcommand,
    NULL,
};

const struct subcommand *subcommand_find(const char *name)
{
    size_t i;

    for (i = 0; subcommands[i]; i++)
        if (strcmp(subcommands[i]->name, name) == 0)
            return subcommands[i];
    return NULL;
}

int refuse_subcommand(const char *name)
{
    struct nearest nearest = nearest_to(name);
    char hint[NAME_MAX_BYTES + 32];
    size_t i;

    if (*name == '-')
        return say_usage(NULL, "unknown option %s; options come after the subcommand", name);
    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            nearest_try(&nearest, subcommands[i]->name);
    return say_usage(NULL, "unknown subcommand %s%s", name, nearest_hint(&nearest, "", hint, sizeof(hint)));
}

/* Passwords and tokens may be in memory: no core dump, and no other program of the user may read it. */
static void protect_memory(void)
{
    struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_subcommand(const struct subcommand *subcommand, int argc, char **argv)
{
    struct arguments arguments;
    struct tb_error err = TB_ERROR_INIT;
    int status, i;

    for (i = 0; subcommand->options && i < argc; i++)
        if (is_help(argv[i])) {
            fputs(subcommand->usage, stdout);
            return finish(STATUS_GOOD);
        }
    if (arguments_parse(subcommand, argc, argv, &arguments, &err) < 0)
        status = say_usage(subcommand->name, "%s", err.message);
    else
        status = subcommand->run(&arguments);
    arguments_free(&arguments);
    return status;
}

int main(int argc, char **argv)
{
    const struct subcommand *subcommand;

    /* A broken connection is an error with a message, not a signal. */
    signal(SIGPIPE, SIG_IGN);
    protect_memory();
    if (argc < 2)
        return say_usage(NULL, "a subcommand is missing");
    if (is_help(argv[1]))
        return run_subcommand(&help_subcommand, 0, NULL);
    if (strcmp(argv[1], "--version") == 0) {
        puts("tbproxyctl " PACKAGE_VERSION);
        return finish(STATUS_GOOD);
    }
    subcommand = subcommand_find(argv[1]);
    if (!subcommand)
        return refuse_subcommand(argv[1]);
    return run_subcommand(subcommand, argc - 2, argv + 2);
}
