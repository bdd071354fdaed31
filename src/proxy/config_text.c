/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

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
    return r < 0 ? tb_error_set(err, r, "out of memory") : buf_append(text, "", 0);
}

/* The end of the comment or string that begins at TEXT; TEXT where none does. */
static const char *skip_opaque(const char *text)
{
    const char *end;

    if (*text == '#' || strncmp(text, "//", 2) == 0)
        return text + strcspn(text, "\n");
    if (strncmp(text, "/*", 2) == 0) {
        end = strstr(text + 2, "*/");
        return end ? end + 2 : text + strlen(text);
    }
    if (*text != '"')
        return text;
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text ? text + 1 : text;
}

static bool is_cut(const char *number, const char *end, bool negative)
{
    unsigned long long most = negative ? (unsigned long long)INT32_MAX + 1 : INT32_MAX;
    bool hexadecimal = number[0] == '0' && (number[1] | 0x20) == 'x'; /* and no octal, unlike C */
    char *digits_end;

    errno = 0;
    return (strtoull(number, &digits_end, hexadecimal ? 16 : 10) > most || errno) && digits_end == end;
}

static int check_numbers(const char *path, const char *text, struct tb_error *err)
{
    const char *start = text;
    unsigned line = 1;

    while (*text) {
        const char *opaque_end = skip_opaque(text);
        const char *end = text;

        if (opaque_end != text) {
            for (; text < opaque_end; text++)
                line += *text == '\n';
            continue;
        }
        while (isalnum((unsigned char)*end) || *end == '_' || *end == '.')
            end++;
        if (isdigit((unsigned char)*text) && is_cut(text, end, text > start && text[-1] == '-'))
            return tb_error_set(err, -EINVAL, "%s:%u: a number as large as %.*s needs an L behind it", path,
                                line, (int)(end - text), text);
        line += *text == '\n';
        text = end > text ? end : text + 1;
    }
    return 0;
}

int config_text_read(const char *path, struct buf *text, struct tb_error *err)
{
    int r = read_file(path, text, err);

    return r < 0 ? r : check_numbers(path, text->data, err);
}
