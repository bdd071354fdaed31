/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/file_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "base/utf8.h"
#include "proxy/config/mistakes.h"
#include "proxy/config/scanner.h"

#define SECTIONS_MAX 32 /* whose repeats are renamed; libconfig refuses those of further sections */

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
        return tb_error_set(err, r, "%s: larger than %d bytes", path, FILE_TEXT_MAX_BYTES);
    if (r < 0 || buf_append(text, "", 0) < 0)
        return tb_error_set(err, -ENOMEM, "out of memory");
    if (strlen(text->data) != text->len)
        return tb_error_set(err, -EINVAL, "%s: contains a NUL byte; save it as UTF-8 text", path);
    return 0;
}

/* Whether libconfig would cut NUMBER to 32 bits. */
static bool is_cut(const struct token *number, bool negative)
{
    unsigned long long most = negative ? (unsigned long long)INT32_MAX + 1 : INT32_MAX;
    bool hexadecimal = number->text[0] == '0' && (number->text[1] | 0x20) == 'x'; /* no octal, unlike C */
    char *end;

    errno = 0;
    return (strtoull(number->text, &end, hexadecimal ? 16 : 10) > most || errno) &&
           end == number->text + number->length;
}

static int check_number(const char *path, const char *text, const struct token *token, struct tb_error *err)
{
    if (token->type != TOKEN_WORD || !isdigit((unsigned char)*token->text) ||
        !is_cut(token, token->text > text && token->text[-1] == '-'))
        return 0;
    return tb_error_set(err, -EINVAL, "%s:%u: %.*s is too large without a suffix; write %.*sL", path,
                        token->line, (int)token->length, token->text, (int)token->length, token->text);
}

static int check(const char *path, const char *text, struct mistakes *mistakes, struct tb_error *err)
{
    struct scanner scanner = {.rest = text, .line = 1};
    struct token token;
    int r;

    while ((token = scanner_next(&scanner)).type != TOKEN_END) {
        r = mistakes_take(mistakes, check_number(path, text, &token, err), err);
        if (r < 0)
            return r;
        if (token.open && token.type == TOKEN_SIGN)
            return tb_error_set(err, -EINVAL, "%s:%u: comment does not end; */ is missing", path, token.line);
        if (token.open) {
            scanner_find_open_string(text, token.line, &token.line);
            return tb_error_set(err, -EINVAL, SCANNER_OPEN_STRING, path, token.line);
        }
    }
    return 0;
}

struct section {
    const char *name;
    size_t length;
    unsigned count;
};

/* How many times the section NAME has appeared, including this one; 1 if SECTIONS is full. */
static unsigned count_section(struct section *sections, const struct token *name)
{
    size_t i;

    for (i = 0; i < SECTIONS_MAX && sections[i].count > 0; i++)
        if (sections[i].length == name->length && memcmp(sections[i].name, name->text, name->length) == 0)
            return ++sections[i].count;
    if (i < SECTIONS_MAX)
        sections[i] = (struct section){name->text, name->length, 1};
    return 1;
}

/* Appends TEXT to RET with repeated sections renamed. */
static int rename_repeats(const char *text, struct buf *ret)
{
    struct scanner scanner = {.rest = text, .line = 1};
    struct section sections[SECTIONS_MAX] = {{NULL, 0, 0}};
    struct token token;
    const char *copied = text;
    unsigned count;
    int r = 0;

    while (r == 0 && (token = scanner_next(&scanner)).type != TOKEN_END) {
        if (token.depth > 0 || !token_is_name(&token, scanner))
            continue;
        count = count_section(sections, &token);
        if (count > 1) {
            r = buf_append(ret, copied, (size_t)(scanner.rest - copied));
            copied = scanner.rest;
            if (r == 0)
                r = buf_append_format(ret, FILE_TEXT_REPEAT_MARK "%u", count);
        }
    }
    return r < 0 ? r : buf_append_string(ret, copied);
}

int file_text_read(const char *path, struct buf *text, struct mistakes *mistakes, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf file = BUF_INIT(FILE_TEXT_MAX_BYTES);
    const char *start;
    int r = read_file(path, &file, err);

    if (r < 0)
        return r;
    start = file.data + utf8_mark_length(file.data, file.len);
    r = check(path, start, mistakes, err);
    if (r < 0)
        return r;
    r = rename_repeats(start, text);
    return r < 0 ? tb_error_set(err, r, "%s: too large, or out of memory", path) : 0;
}
