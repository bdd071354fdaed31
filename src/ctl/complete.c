/* SPDX-License-Identifier: Apache-2.0 */
/* "complete -- WORDS...": prints candidates for the last word, one per line; for the shells. */
#include "base/log.h"
#include "client/tables.h"
#include "ctl/arguments.h"
#include "ctl/complete_daemon.h"
#include "ctl/complete_value.h"
#include "ctl/message.h"
#include "ctl/parameter.h"
#include "ctl/spelling.h"
#include "ctl/types.h"

static void offer_schemas(const struct word *current, unsigned only)
{
    unsigned e, i;

    for (e = 0; e < EDITION_COUNT; e++) {
        const tb_api *api = editions[e].api;

        for (i = 0; i < api->schema_count; i++) {
            const char *name = table_text(api, api->schemas[i].name);

            if (edition_with_schema(name, 0, only) == e)
                word_offer(current, "", name);
        }
    }
}

static void offer_subcommands(const struct word *current)
{
    size_t i;

    for (i = 0; subcommands[i]; i++)
        if (subcommands[i]->summary)
            word_offer(current, "", subcommands[i]->name);
}

static void offer_parameters(const struct complete_line *line)
{
    const tb_api *api;
    const tb_operation *operation = complete_find_operation(line, &api);
    char kebab[NAME_MAX_BYTES];
    unsigned i;

    for (i = 0; operation && i < operation->parameter_count; i++) {
        const struct tb_parameter *parameter = &api->parameters[operation->first_parameter + i];
        const char *name = table_text(api, parameter->name);

        if (!complete_find_value(line, name) || api->types[parameter->type].kind == TB_KIND_LIST)
            word_offer(&line->current, "--", kebab_case(name, kebab));
    }
}

static void offer_options(const struct complete_line *line)
{
    const char *const *option;

    for (option = line->subcommand->options; *option; option++)
        if (!complete_find_value(line, *option) || strcmp(*option, "part") == 0 ||
            strcmp(*option, "set") == 0)
            word_offer(&line->current, "--", *option);
    offer_parameters(line);
}

static const char *const policy_words[] = {"explain", "list", NULL};
static const char *const session_words[] = {"renew", NULL};
static const char *const spool_words[] = {"drop", "export", "list", "retry", "show", NULL};
static const char *const wait_words[] = {"--ready", NULL};

/* The words that some subcommands begin with. */
static const struct {
    const struct subcommand *subcommand;
    const char *const *words; /* ended by NULL */
} choices[] = {
    {&log_level_subcommand, log_level_names}, {&policy_subcommand, policy_words},
    {&session_subcommand, session_words},     {&spool_subcommand, spool_words},
    {&wait_subcommand, wait_words},
};

static void offer_choices(const struct complete_line *line)
{
    size_t i, j;

    for (i = 0; i < ARRAY_SIZE(choices); i++)
        for (j = 0; choices[i].subcommand == line->subcommand && choices[i].words[j]; j++)
            word_offer(&line->current, "", choices[i].words[j]);
}

static void offer_words(const struct complete_line *line)
{
    if (line->word && line->subcommand == &call_subcommand)
        offer_parameters(line);
    if (line->word)
        return;
    offer_choices(line);
    if (line->subcommand == &call_subcommand || line->subcommand == &describe_subcommand)
        complete_offer_operations(&line->current, line->edition);
    if (line->subcommand == &describe_subcommand)
        offer_schemas(&line->current, line->edition);
    if (line->subcommand == &help_subcommand)
        offer_subcommands(&line->current);
}

/* Keeps the option in WORD as the pending one, if it takes a value. */
static bool begin_option(struct complete_line *line, const char *word)
{
    size_t length = strcspn(word + 2, "=");

    snprintf(line->pending, sizeof(line->pending), "%.*s", (int)length, word + 2);
    if (!argument_takes_value(line->subcommand, line->word, line->pending))
        line->pending[0] = '\0';
    return word[2 + length] == '=';
}

static void end_option(struct complete_line *line, const char *value)
{
    if (strcmp(line->pending, "edition") == 0)
        line->edition = edition_find(value);
    line->pending[0] = '\0';
}

static void parse_line(struct complete_line *line)
{
    const char *last = line->words[line->count - 1];
    unsigned i;

    for (i = 0; i < line->count - 1; i++) {
        const char *word = line->words[i];

        if (line->pending[0])
            end_option(line, word);
        else if (strncmp(word, "--", 2) != 0)
            line->word = line->word ? line->word : word;
        else if (begin_option(line, word))
            end_option(line, strchr(word, '=') + 1);
    }
    line->current.whole = last;
    if (!line->pending[0] && strncmp(last, "--", 2) == 0 && strchr(last, '=') && begin_option(line, last))
        line->current.kept = (size_t)(strchr(last, '=') + 1 - last);
}

static void complete_line(struct complete_line *line)
{
    parse_line(line);
    if (line->pending[0])
        complete_offer_value(line);
    else if (line->current.whole[0] == '-')
        offer_options(line);
    else
        offer_words(line);
}

/* The first word is a subcommand, or an option without one. */
static void offer_first(const struct word *word)
{
    offer_subcommands(word);
    if (word->whole[0] != '-')
        return;
    word_offer(word, "--", "help");
    word_offer(word, "--", "version");
}

static int run(const struct arguments *arguments)
{
    struct complete_line line = {.edition = EDITION_NONE};
    char **words = arguments->words;
    unsigned count = arguments->word_count;
    bool daemon = count > 0 && strcmp(words[0], "tbproxyd") == 0;

    words += daemon;
    count -= daemon;
    if (count < 2 || strcmp(words[0], "--") != 0)
        return say_usage(NULL, "complete: expected -- and the words of a command line");
    line.subcommand = count > 2 && !daemon ? subcommand_find(words[1]) : NULL;
    line.words = words + 2;
    line.count = count - 2;
    if (daemon)
        complete_daemon(words + 1, count - 1);
    else if (count == 2)
        offer_first(&(struct word){words[1], 0});
    else if (line.subcommand && line.subcommand->options)
        complete_line(&line);
    return finish(STATUS_GOOD);
}

const struct subcommand complete_subcommand = {
    .name = "complete",
    .usage = "Usage: tbproxyctl complete [tbproxyd] -- WORD...\n"
             "Prints what the last WORD of a command line of tbproxyctl, or of tbproxyd, can become, one\n"
             "candidate per line; used by shells.\n",
    .max_words = WORDS_ANY,
    .run = run,
};
