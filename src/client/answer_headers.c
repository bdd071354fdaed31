/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer_headers.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/utf8.h"

const char *answer_content_type(const struct headers *headers)
{
    const char *type = headers_find(headers, "Content-Type");

    return type ? type : "";
}

int64_t answer_length(const struct headers *headers)
{
    const char *length = headers_find(headers, "Content-Length");
    char *end;
    long long value;

    if (!length || *length < '0' || *length > '9')
        return -1;
    errno = 0;
    value = strtoll(length, &end, 10);
    return errno || *end ? -1 : (int64_t)value;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Copies a value of Content-Disposition, and decodes the percent-encoding of RFC 8187, or the backslashes of
 * a quoted string. */
static void copy_value(const char *text, bool encoded, char *ret, size_t size)
{
    bool quoted = !encoded && *text == '"';
    size_t length = 0;

    for (text += quoted; *text && length + 1 < size; text++) {
        if (quoted ? *text == '"' : (*text == ';' || *text == ' '))
            break;
        if (quoted && *text == '\\' && text[1])
            text++;
        if (encoded && *text == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
            ret[length++] = (char)(hex_digit(text[1]) * 16 + hex_digit(text[2]));
            text += 2;
        } else {
            ret[length++] = *text;
        }
    }
    ret[length] = '\0';
}

/* Whether a program may safely use NAME for a file: no path, not hidden, one line of UTF-8. */
static bool is_usable_name(const char *name)
{
    const char *c;

    if (!*name || *name == '.' || utf8_count(name, strlen(name)) < 0)
        return false;
    for (c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/' || *c == '\\')
            return false;
    return true;
}

void answer_file_name(const struct headers *headers, char *ret, size_t size)
{
    static const char extended[] = "filename*=UTF-8''", plain[] = "filename=";
    const char *disposition = headers_find(headers, "Content-Disposition");
    const char *c;

    *ret = '\0';
    for (c = disposition; c && *c; c++)
        if (strncasecmp(c, extended, strlen(extended)) == 0) {
            copy_value(c + strlen(extended), true, ret, size);
            if (is_usable_name(ret))
                return;
        }
    *ret = '\0';
    for (c = disposition; c && *c; c++)
        if (strncasecmp(c, plain, strlen(plain)) == 0) {
            copy_value(c + strlen(plain), false, ret, size);
            break;
        }
    if (!is_usable_name(ret))
        *ret = '\0';
}
