/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/scanner.h"

#include <ctype.h>
#include <string.h>

/* The end of the comment at TEXT; TEXT itself if there is none, or if it does not end. */
static const char *skip_comment(const char *text)
{
    const char *end;

    if (*text == '#' || strncmp(text, "//", 2) == 0)
        return text + strcspn(text, "\n");
    end = strncmp(text, "/*", 2) == 0 ? strstr(text + 2, "*/") : NULL;
    return end ? end + 2 : text;
}

static const char *string_end(const char *text, bool *open)
{
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    *open = !*text;
    return *open ? text : text + 1;
}

/* A number can have dots, a name hyphens and asterisks (libconfig's manual, "Configuration File Grammar"). */
static size_t word_length(const char *text)
{
    const char *more = isdigit((unsigned char)*text) ? "_." : "_-*";
    size_t length = 0;

    if (*text == '-' || *text == '.')
        return 0;
    while (text[length] && (isalnum((unsigned char)text[length]) || strchr(more, text[length])))
        length++;
    return length;
}

static void skip_blank(struct scanner *scanner)
{
    const char *end;

    for (;;) {
        end = skip_comment(scanner->rest);
        if (end == scanner->rest && isspace((unsigned char)*end))
            end++;
        if (end == scanner->rest)
            return;
        for (; scanner->rest < end; scanner->rest++)
            scanner->line += *scanner->rest == '\n';
    }
}

static void track_depth(struct scanner *scanner, struct token *token)
{
    if (strchr("}])", *token->text) && scanner->depth > 0)
        token->depth = --scanner->depth;
    if (strchr("{[(", *token->text))
        scanner->depth++;
}

struct token scanner_next(struct scanner *scanner)
{
    struct token token = {.type = TOKEN_SIGN, .length = 1};
    const char *text;

    skip_blank(scanner);
    text = token.text = scanner->rest;
    token.line = scanner->line;
    token.depth = scanner->depth;
    if (!*text) {
        token.type = TOKEN_END;
        token.length = 0;
    } else if (*text == '"') {
        token.type = TOKEN_STRING;
        token.length = (size_t)(string_end(text, &token.open) - text);
    } else if (word_length(text) > 0) {
        token.type = TOKEN_WORD;
        token.length = word_length(text);
    } else if (strncmp(text, "/*", 2) == 0) {
        token.open = true;
        token.length = strlen(text);
    } else {
        track_depth(scanner, &token);
    }
    for (; scanner->rest < text + token.length; scanner->rest++)
        scanner->line += *scanner->rest == '\n';
    return token;
}

bool token_is(const struct token *token, char sign)
{
    return token->type == TOKEN_SIGN && !token->open && *token->text == sign;
}

bool token_is_name(const struct token *token, struct scanner scanner)
{
    struct token next;

    if (token->type != TOKEN_WORD)
        return false;
    next = scanner_next(&scanner);
    return token_is(&next, '=') || token_is(&next, ':');
}

bool scanner_find_open_string(const char *text, unsigned line, unsigned *ret)
{
    struct scanner scanner = {.rest = text, .line = 1};
    struct token token;

    while ((token = scanner_next(&scanner)).type != TOKEN_END && token.line <= line)
        if (token.type == TOKEN_STRING && scanner.line > token.line) {
            *ret = token.line;
            return true;
        }
    return false;
}
