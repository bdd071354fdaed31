/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config_mistake.h"

#include <errno.h>
#include <stdio.h>

#include "proxy/config/config_text.h"

/* A longer name is no option's. */
#define NAME_MAX_BYTES 64

/* The line of the outermost bracket that is still open at the end of TEXT, if the end is in LINE. */
static bool find_open_bracket(const char *text, unsigned line, unsigned *ret)
{
    struct config_scanner scanner = {.rest = text, .line = 1};
    struct config_token token;
    unsigned opened = 0;

    while ((token = config_text_next(&scanner)).type != CONFIG_TOKEN_END)
        if (token.depth == 0 && scanner.depth > 0)
            opened = token.line;
    if (scanner.depth == 0 || scanner.line != line)
        return false;
    *ret = opened;
    return true;
}

static bool is_word(const struct config_token *token, const char *word)
{
    return token->length == strlen(word) && strncasecmp(token->text, word, token->length) == 0;
}

static bool begins_value(const struct config_token *token)
{
    if (token->type == CONFIG_TOKEN_WORD)
        return strchr("0123456789", *token->text) || is_word(token, "true") || is_word(token, "false");
    return token->type == CONFIG_TOKEN_STRING ||
           (token->type == CONFIG_TOKEN_SIGN && strchr("{[(-+.", *token->text));
}

/* Whether a setting that was begun with LAST does not go on with NEXT. */
static bool is_unfinished(const struct config_token *last, const struct config_token *next)
{
    if (config_token_is(last, '=') || config_token_is(last, ':'))
        return !begins_value(next);
    return last->type == CONFIG_TOKEN_WORD && !begins_value(last) && !config_token_is(next, '=') &&
           !config_token_is(next, ':');
}

/* The line of the setting that was left unfinished before LINE, else LINE. */
static unsigned find_unfinished(const char *text, unsigned line)
{
    struct config_scanner scanner = {.rest = text, .line = 1};
    struct config_token last = {.type = CONFIG_TOKEN_END}, token;

    while ((token = config_text_next(&scanner)).type != CONFIG_TOKEN_END && token.line < line)
        last = token;
    return last.type != CONFIG_TOKEN_END && is_unfinished(&last, &token) ? last.line : line;
}

static int syntax_error(const config_t *parsed, const char *path, const char *text, struct tb_error *err)
{
    unsigned noticed = (unsigned)config_error_line(parsed), line;

    if (config_text_find_open_string(text, noticed, &line))
        return tb_error_set(err, -EINVAL, CONFIG_OPEN_STRING, path, line);
    if (find_open_bracket(text, noticed, &line))
        return tb_error_set(err, -EINVAL, "%s:%u: %s: what begins here has no end: a bracket is missing",
                            path, line, config_error_text(parsed));
    return tb_error_set(err, -EINVAL, "%s:%u: %s", path, find_unfinished(text, noticed),
                        config_error_text(parsed));
}

/* The setting NAME that was read before: at the top, or in the section that was being read. */
static const config_setting_t *find_setting(const config_t *parsed, const struct config_token *name)
{
    const config_setting_t *parent = config_root_setting(parsed);
    int sections = config_setting_length(parent);
    char copy[NAME_MAX_BYTES];

    if (name->depth > 0 && sections > 0)
        parent = config_setting_get_elem(parent, (unsigned)sections - 1);
    snprintf(copy, sizeof(copy), "%.*s", (int)name->length, name->text);
    copy[strcspn(copy, CONFIG_REPEAT_MARK)] = '\0';
    return config_setting_is_group(parent) ? config_setting_get_member(parent, copy) : NULL;
}

/* libconfig names the line only. Of the settings in it the one is meant that stands elsewhere, too. */
static int duplicate_setting(const config_t *parsed, const char *main_path, const char *path,
                             const char *text, struct tb_error *err)
{
    struct config_scanner scanner = {.rest = text, .line = 1};
    const config_setting_t *first = NULL, *setting;
    unsigned line = (unsigned)config_error_line(parsed);
    struct config_token token;
    const config_setting_t *parent;
    const char *file;

    while ((token = config_text_next(&scanner)).type != CONFIG_TOKEN_END && token.line <= line) {
        setting =
            token.line == line && config_token_is_name(&token, scanner) ? find_setting(parsed, &token) : NULL;
        if (setting && (!first || config_setting_source_line(first) == line))
            first = setting;
    }
    if (!first)
        return tb_error_set(err, -EINVAL, "%s:%u: %s", path, line, config_error_text(parsed));
    file = config_setting_source_file(first);
    parent = config_setting_parent(first);
    return tb_error_set(err, -EINVAL, "%s:%u: %s%s%s stands here for the second time; first in %s, line %u",
                        path, line, config_setting_is_root(parent) ? "" : config_setting_name(parent),
                        config_setting_is_root(parent) ? "" : ".", config_setting_name(first),
                        file ? file : main_path, config_setting_source_line(first));
}

int config_mistake(const config_t *parsed, const char *path, const char *text, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf included = BUF_INIT(CONFIG_TEXT_MAX_BYTES);
    const char *file = config_error_file(parsed); /* NULL: TEXT itself */
    int r = file ? config_text_read(file, &included, err) : 0;

    if (r < 0)
        return r;
    if (strcmp(config_error_text(parsed), "duplicate setting name") == 0)
        return duplicate_setting(parsed, path, file ? file : path, file ? included.data : text, err);
    return syntax_error(parsed, file ? file : path, file ? included.data : text, err);
}
