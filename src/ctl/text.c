/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/text.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/utf8.h"

#define LABEL_COLUMNS 11
#define WIDTH_MIN     40 /* a narrower terminal breaks the lines itself */

static const char *const colours[] = {
    [COLOUR_NONE] = "",          [COLOUR_BOLD] = "\033[1m",    [COLOUR_RED] = "\033[31m",
    [COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m",
};

/* https://no-color.org: set and not empty */
static bool has_colours(void)
{
    const char *off = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(off && *off) && terminal && strcmp(terminal, "dumb") != 0;
}

const char *colour_begin(enum colour colour)
{
    return has_colours() ? colours[colour] : "";
}

const char *colour_end(enum colour colour)
{
    return colour != COLOUR_NONE && has_colours() ? "\033[0m" : "";
}

static struct winsize terminal_size(void)
{
    struct winsize size = {0};

    if (isatty(STDOUT_FILENO) && (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0))
        size = (struct winsize){.ws_col = 80, .ws_row = 24};
    return size;
}

unsigned terminal_width(void)
{
    return terminal_size().ws_col;
}

unsigned terminal_height(void)
{
    return terminal_size().ws_row;
}

/* How many bytes of TEXT fit into COLUMNS, up to a blank; all of a word that is too long. */
static size_t line_length(const char *text, size_t columns)
{
    size_t end = strcspn(text, " ");

    while (text[end]) {
        size_t next = end + 1 + strcspn(text + end + 1, " ");
        ssize_t width = utf8_count(text, next);

        if (width < 0 || (size_t)width > columns)
            return end;
        end = next;
    }
    return end;
}

void field_print(const char *label, enum colour colour, const char *format, ...)
{
    unsigned width = terminal_width();
    char text[FIELD_MAX_BYTES];
    const char *rest = text;
    size_t length;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printf("%-*s", LABEL_COLUMNS, label);
    for (; width >= WIDTH_MIN && strlen(rest) > (length = line_length(rest, width - LABEL_COLUMNS));
         rest += length + 1)
        printf("%s%.*s%s\n%*s", colour_begin(colour), (int)length, rest, colour_end(colour), LABEL_COLUMNS,
               "");
    printf("%s%s%s\n", colour_begin(colour), rest, colour_end(colour));
}

const char *duration_words(int64_t ms, char ret[DURATION_MAX_BYTES])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    int length;

    while (i < ARRAY_SIZE(units) - 1 && ms < units[i].ms)
        i++;
    length = snprintf(ret, DURATION_MAX_BYTES, "%" PRId64 " %s", ms / units[i].ms, units[i].name);
    ms %= units[i].ms;
    if (i < ARRAY_SIZE(units) - 2 && ms / units[i + 1].ms > 0)
        snprintf(ret + length, DURATION_MAX_BYTES - (size_t)length, " %" PRId64 " %s", ms / units[i + 1].ms,
                 units[i + 1].name);
    return ret;
}

const char *size_words(int64_t bytes, char ret[DURATION_MAX_BYTES])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes / 1024;
    size_t i = 0;

    if (bytes < 1024) {
        snprintf(ret, DURATION_MAX_BYTES, "%" PRId64 " bytes", bytes);
        return ret;
    }
    for (; size >= 1024 && i < ARRAY_SIZE(units) - 1; i++)
        size /= 1024;
    snprintf(ret, DURATION_MAX_BYTES, "%.1f %s", size, units[i]);
    return ret;
}

const char *client_words(const char *client, char ret[CLIENT_MAX_BYTES])
{
    static const char prefix[] = "uid:";
    const struct passwd *user = NULL;

    if (strncmp(client, prefix, strlen(prefix)) == 0)
        user = getpwuid((uid_t)strtoul(client + strlen(prefix), NULL, 10));
    if (user)
        snprintf(ret, CLIENT_MAX_BYTES, "%s (%s)", client, user->pw_name);
    else
        snprintf(ret, CLIENT_MAX_BYTES, "%s", client);
    return ret;
}

const char *ago_words(const char *at, char ret[DURATION_MAX_BYTES])
{
    struct tm parts = {0};
    char words[DURATION_MAX_BYTES];
    int64_t seconds;

    if (!strptime(at, "%Y-%m-%dT%H:%M:%S", &parts)) {
        snprintf(ret, DURATION_MAX_BYTES, "%s", at);
        return ret;
    }
    seconds = (int64_t)(time(NULL) - timegm(&parts));
    if (seconds <= 0)
        snprintf(ret, DURATION_MAX_BYTES, "just now");
    else
        snprintf(ret, DURATION_MAX_BYTES, "%.*s ago", DURATION_MAX_BYTES - 5,
                 duration_words(seconds * 1000, words));
    return ret;
}
