/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/config_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "base/utf8.h"

/* Repeats of further sections are libconfig's to refuse: there are not so many. */
#define SECTIONS_MAX 32

static int read_file(const char *path, struct buf *text, struct tb_error *err)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char part[4096];
    ssize_t n = -1;
    int r = 0;

    if (fd < 0)
        return tb_error_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
    while (r == 0 && (n = read(fd, part, sizeof(part))) > 0)
        r = buf_append(text, part, (size_t)n);
    if (n < 0)
        return tb_error_set(err, -errno, "%s: cannot be read: %s", path, strerror(errno));
    if (r == -EMSGSIZE)
        return tb_error_set(err, r, "%s: larger than %d bytes", path, CONFIG_TEXT_MAX_BYTES);
    if (r < 0 || buf_append(text, "", 0) < 0)
        return tb_error_set(err, -ENOMEM, "out of memory");
    if (strlen(text->data) != text->len)
        return tb_error_set(err, -EINVAL, "%s: holds a NUL byte: save it as UTF-8 text", path);
    return 0;
}

/* The end of the comment that begins at TEXT; TEXT if none does, or if it has no end. */
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

/* Numbers have dots, names have hyphens and asterisks (libconfig's manual, "Configuration File Grammar"). */
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

static void skip_blank(struct config_scanner *scanner)
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

static void track_depth(struct config_scanner *scanner, struct config_token *token)
{
    if (strchr("}])", *token->text) && scanner->depth > 0)
        token->depth = --scanner->depth;
    if (strchr("{[(", *token->text))
        scanner->depth++;
}

struct config_token config_text_next(struct config_scanner *scanner)
{
    struct config_token token = {.type = CONFIG_TOKEN_SIGN, .length = 1};
    const char *text;

    skip_blank(scanner);
    text = token.text = scanner->rest;
    token.line = scanner->line;
    token.depth = scanner->depth;
    if (!*text) {
        token.type = CONFIG_TOKEN_END;
        token.length = 0;
    } else if (*text == '"') {
        token.type = CONFIG_TOKEN_STRING;
        token.length = (size_t)(string_end(text, &token.open) - text);
    } else if (word_length(text) > 0) {
        token.type = CONFIG_TOKEN_WORD;
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

bool config_token_is(const struct config_token *token, char sign)
{
    return token->type == CONFIG_TOKEN_SIGN && !token->open && *token->text == sign;
}

bool config_token_is_name(const struct config_token *token, struct config_scanner scanner)
{
    struct config_token next;

    if (token->type != CONFIG_TOKEN_WORD)
        return false;
    next = config_text_next(&scanner);
    return config_token_is(&next, '=') || config_token_is(&next, ':');
}

bool config_text_find_open_string(const char *text, unsigned line, unsigned *ret)
{
    struct config_scanner scanner = {.rest = text, .line = 1};
    struct config_token token;

    while ((token = config_text_next(&scanner)).type != CONFIG_TOKEN_END && token.line <= line)
        if (token.type == CONFIG_TOKEN_STRING && scanner.line > token.line) {
            *ret = token.line;
            return true;
        }
    return false;
}

static bool is_cut(const struct config_token *number, bool negative)
{
    unsigned long long most = negative ? (unsigned long long)INT32_MAX + 1 : INT32_MAX;
    bool hexadecimal = number->text[0] == '0' && (number->text[1] | 0x20) == 'x'; /* and no octal, unlike C */
    char *end;

    errno = 0;
    return (strtoull(number->text, &end, hexadecimal ? 16 : 10) > most || errno) &&
           end == number->text + number->length;
}

static int check(const char *path, const char *text, struct tb_error *err)
{
    struct config_scanner scanner = {.rest = text, .line = 1};
    struct config_token token;

    while ((token = config_text_next(&scanner)).type != CONFIG_TOKEN_END) {
        if (token.type == CONFIG_TOKEN_WORD && isdigit((unsigned char)*token.text) &&
            is_cut(&token, token.text > text && token.text[-1] == '-'))
            return tb_error_set(err, -EINVAL, "%s:%u: a number as large as %.*s needs an L behind it", path,
                                token.line, (int)token.length, token.text);
        if (token.open && token.type == CONFIG_TOKEN_SIGN)
            return tb_error_set(err, -EINVAL, "%s:%u: the comment that begins here has no end: */ is missing",
                                path, token.line);
        if (token.open) {
            config_text_find_open_string(text, token.line, &token.line);
            return tb_error_set(err, -EINVAL, CONFIG_OPEN_STRING, path, token.line);
        }
    }
    return 0;
}

struct section {
    const char *name;
    size_t length;
    unsigned count;
};

/* How often the section NAME stands there so far, with this time; 1 if SECTIONS is full. */
static unsigned count_section(struct section *sections, const struct config_token *name)
{
    size_t i;

    for (i = 0; i < SECTIONS_MAX && sections[i].count > 0; i++)
        if (sections[i].length == name->length && memcmp(sections[i].name, name->text, name->length) == 0)
            return ++sections[i].count;
    if (i < SECTIONS_MAX)
        sections[i] = (struct section){name->text, name->length, 1};
    return 1;
}

/* libconfig takes a name only once; config.c reads the sections as one. */
static int mark_repeats(const char *text, struct buf *ret)
{
    struct config_scanner scanner = {.rest = text, .line = 1};
    struct section sections[SECTIONS_MAX] = {{NULL, 0, 0}};
    struct config_token token;
    const char *copied = text;
    unsigned count;
    int r = 0;

    while (r == 0 && (token = config_text_next(&scanner)).type != CONFIG_TOKEN_END) {
        if (token.depth > 0 || !config_token_is_name(&token, scanner))
            continue;
        count = count_section(sections, &token);
        if (count > 1) {
            r = buf_append(ret, copied, (size_t)(scanner.rest - copied));
            copied = scanner.rest;
            if (r == 0)
                r = buf_append_format(ret, CONFIG_REPEAT_MARK "%u", count);
        }
    }
    return r < 0 ? r : buf_append_string(ret, copied);
}

int config_text_read(const char *path, struct buf *text, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf file = BUF_INIT(CONFIG_TEXT_MAX_BYTES);
    const char *start;
    int r = read_file(path, &file, err);

    if (r < 0)
        return r;
    start = file.data + utf8_mark_length(file.data, file.len);
    r = check(path, start, err);
    if (r < 0)
        return r;
    r = mark_repeats(start, text);
    return r < 0 ? tb_error_set(err, r, "%s: too large, or out of memory", path) : 0;
}
