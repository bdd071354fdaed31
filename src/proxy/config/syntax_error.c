/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/syntax_error.h"

#include <errno.h>
#include <stdio.h>

#include "proxy/config/file_text.h"
#include "proxy/config/scanner.h"

#define NAME_MAX_BYTES 64 /* no option has a longer name */

/* The line of the outermost bracket that is not closed at the end of TEXT, if TEXT ends in LINE. */
static bool find_open_bracket(const char *text, unsigned line, unsigned *ret)
{
    struct scanner scanner = {.rest = text, .line = 1};
    struct token token;
    unsigned opened = 0;

    while ((token = scanner_next(&scanner)).type != TOKEN_END)
        if (token.depth == 0 && scanner.depth > 0)
            opened = token.line;
    if (scanner.depth == 0 || scanner.line != line)
        return false;
    *ret = opened;
    return true;
}

static bool is_word(const struct token *token, const char *word)
{
    return token->length == strlen(word) && strncasecmp(token->text, word, token->length) == 0;
}

static bool begins_value(const struct token *token)
{
    if (token->type == TOKEN_WORD)
        return strchr("0123456789", *token->text) || is_word(token, "true") || is_word(token, "false");
    return token->type == TOKEN_STRING || (token->type == TOKEN_SIGN && strchr("{[(-+.", *token->text));
}

/* Whether LAST begins a setting that NEXT does not continue. */
static bool is_unfinished(const struct token *last, const struct token *next)
{
    if (token_is(last, '=') || token_is(last, ':'))
        return !begins_value(next);
    return last->type == TOKEN_WORD && !begins_value(last) && !token_is(next, '=') && !token_is(next, ':');
}

/* The line of the unfinished setting before LINE; LINE if there is none. */
static unsigned find_unfinished(const char *text, unsigned line)
{
    struct scanner scanner = {.rest = text, .line = 1};
    struct token last = {.type = TOKEN_END}, token;

    while ((token = scanner_next(&scanner)).type != TOKEN_END && token.line < line)
        last = token;
    return last.type != TOKEN_END && is_unfinished(&last, &token) ? last.line : line;
}

static int syntax_error(const config_t *parsed, const char *path, const char *text, struct tb_error *err)
{
    unsigned noticed = (unsigned)config_error_line(parsed), line;

    if (scanner_find_open_string(text, noticed, &line))
        return tb_error_set(err, -EINVAL, SCANNER_OPEN_STRING, path, line);
    if (find_open_bracket(text, noticed, &line))
        return tb_error_set(err, -EINVAL, "%s:%u: %s: bracket is not closed", path, line,
                            config_error_text(parsed));
    return tb_error_set(err, -EINVAL, "%s:%u: %s; write options like name = 1; and name = \"text\";", path,
                        find_unfinished(text, noticed), config_error_text(parsed));
}

/* The setting NAME among those read so far: at the top, or in the last section. */
static const config_setting_t *find_setting(const config_t *parsed, const struct token *name)
{
    const config_setting_t *parent = config_root_setting(parsed);
    int sections = config_setting_length(parent);
    char copy[NAME_MAX_BYTES];

    if (name->depth > 0 && sections > 0)
        parent = config_setting_get_elem(parent, (unsigned)sections - 1);
    snprintf(copy, sizeof(copy), "%.*s", (int)name->length, name->text);
    copy[strcspn(copy, FILE_TEXT_REPEAT_MARK)] = '\0';
    return config_setting_is_group(parent) ? config_setting_get_member(parent, copy) : NULL;
}

/* libconfig reports only the line: the duplicate is the setting in it that another line has, too. */
static int duplicate_setting(const config_t *parsed, const char *main_path, const char *path,
                             const char *text, struct tb_error *err)
{
    struct scanner scanner = {.rest = text, .line = 1};
    const config_setting_t *first = NULL, *setting;
    unsigned line = (unsigned)config_error_line(parsed);
    struct token token;
    const char *file, *section;

    while ((token = scanner_next(&scanner)).type != TOKEN_END && token.line <= line) {
        setting = token.line == line && token_is_name(&token, scanner) ? find_setting(parsed, &token) : NULL;
        if (setting && (!first || config_setting_source_line(first) == line))
            first = setting;
    }
    if (!first)
        return tb_error_set(err, -EINVAL, "%s:%u: %s", path, line, config_error_text(parsed));
    file = config_setting_source_file(first);
    section = config_setting_name(config_setting_parent(first)); /* NULL: FIRST is a section itself */
    return tb_error_set(err, -EINVAL, "%s:%u: %.*s%s%s is already set in %s, line %u", path, line,
                        section ? (int)strcspn(section, FILE_TEXT_REPEAT_MARK) : 0, section ? section : "",
                        section ? "." : "", config_setting_name(first), file ? file : main_path,
                        config_setting_source_line(first));
}

int syntax_error_find(const config_t *parsed, const char *path, const char *text, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf included = BUF_INIT(FILE_TEXT_MAX_BYTES);
    const char *file = config_error_file(parsed); /* NULL: TEXT itself */
    int r = file ? file_text_read(file, &included, NULL, err) : 0;

    if (r < 0)
        return r;
    if (strcmp(config_error_text(parsed), "duplicate setting name") == 0)
        return duplicate_setting(parsed, path, file ? file : path, file ? included.data : text, err);
    return syntax_error(parsed, file ? file : path, file ? included.data : text, err);
}
