/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>

#include "ctl/catalog.h"
#include "ctl/ctl.h"

#define LINE_MAX_BYTES 2048

const struct subcommand *const subcommands[] = {
    &call_subcommand,  &operations_subcommand, &describe_subcommand, &limits_subcommand,
    &queue_subcommand, &help_subcommand,       &complete_subcommand, NULL,
};

const struct subcommand *subcommand_find(const char *name)
{
    size_t i;

    for (i = 0; subcommands[i]; i++)
        if (strcmp(subcommands[i]->name, name) == 0)
            return subcommands[i];
    return NULL;
}

bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Also U+0080 to U+009F, which control terminals as those below U+0020 do; in UTF-8 they begin with 0xc2. */
static bool is_control(const char *c)
{
    unsigned char byte = (unsigned char)*c;

    return byte < 0x20 || byte == 0x7f || (byte == 0xc2 && (unsigned char)c[1] < 0xa0);
}

static void PRINTF_LIKE(1, 0) say_list(const char *format, va_list args)
{
    char line[LINE_MAX_BYTES];
    char *c;

    vsnprintf(line, sizeof(line), format, args);
    for (c = line; *c; c++) {
        if (!is_control(c))
            continue;
        if ((unsigned char)*c == 0xc2)
            memmove(c, c + 1, strlen(c));
        *c = '?';
    }
    fprintf(stderr, "tbproxyctl: %s\n", line);
}

void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args);
    va_end(args);
}

int say_usage(const struct subcommand *subcommand, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say_list(format, args);
    va_end(args);
    if (subcommand)
        fprintf(stderr, "Try tbproxyctl help %s.\n", subcommand->name);
    else
        fputs("Try tbproxyctl --help.\n", stderr);
    return STATUS_USAGE;
}

void end_as_broken_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        end_as_broken_pipe();
    say("standard output: %s", strerror(errno));
    return STATUS_FAILED;
}

bool words_and_edition(const struct subcommand *subcommand, int argc, char **argv, int *ret_words,
                       unsigned *ret_edition, int *ret_status)
{
    int words = 0;
    int i;

    *ret_edition = EDITION_NONE;
    for (i = 0; i < argc; i++) {
        if (is_help(argv[i])) {
            fputs(subcommand->usage, stdout);
            *ret_status = finish(STATUS_GOOD);
            return false;
        }
        if (is_edition_option(argv[i])) {
            *ret_edition = edition_of_option(argc, argv, &i);
            if (*ret_edition != EDITION_NONE)
                continue;
            *ret_status = say_usage(subcommand, "--edition: one of ce, pe, paas was expected");
            return false;
        }
        if (argv[i][0] == '-') {
            *ret_status = say_usage(subcommand, "unknown option %s", argv[i]);
            return false;
        }
        argv[words++] = argv[i];
    }
    *ret_words = words;
    return true;
}
