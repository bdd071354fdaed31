/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/rate_limit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLANKS         " \t"
#define PAIR_SHOWN_MAX 64 /* bytes of a wrong pair in a message */

/* The number that *TEXT begins with, which is left behind; MAX + 1 where it is larger, 0 where there is none.
 */
static int64_t read_number(const char **text, int64_t max)
{
    int64_t number = 0;

    while (**text >= '0' && **text <= '9') {
        number = number * 10 + *(*text)++ - '0';
        if (number > max)
            number = max + 1;
    }
    return number;
}

static bool read_pair(const char *text, const char *end, struct limit_pair *ret)
{
    ret->capacity = read_number(&text, LIMIT_CAPACITY_MAX);
    if (*text != ':')
        return false;
    text++;
    ret->seconds = read_number(&text, LIMIT_SECONDS_MAX);
    return text == end && ret->capacity >= 1 && ret->capacity <= LIMIT_CAPACITY_MAX && ret->seconds >= 1 &&
           ret->seconds <= LIMIT_SECONDS_MAX;
}

static int add_pair(struct limit *limit, const char *text, const char *end, struct tb_error *err)
{
    int length = end - text < PAIR_SHOWN_MAX ? (int)(end - text) : PAIR_SHOWN_MAX;

    if (limit->count == LIMIT_PAIRS_MAX)
        return tb_error_set(err, -EINVAL, "\"%.*s\": a rate limit has at most %d pairs", length, text,
                            LIMIT_PAIRS_MAX);
    if (!read_pair(text, end, &limit->pairs[limit->count]))
        return tb_error_set(err, -EINVAL,
                            "\"%.*s\": a pair of a rate limit is capacity:seconds, whole numbers from 1 to "
                            "%" PRId64 " and from 1 to %" PRId64,
                            length, text, LIMIT_CAPACITY_MAX, LIMIT_SECONDS_MAX);
    limit->count++;
    return 0;
}

int limit_parse(const char *text, struct limit *ret, struct tb_error *err)
{
    struct limit limit = {0};
    bool more = *text != '\0';

    while (more) {
        const char *comma = text + strcspn(text, ",");
        const char *end = comma;
        int r;

        text += strspn(text, BLANKS);
        while (end > text && strchr(BLANKS, end[-1]))
            end--;
        r = add_pair(&limit, text, end, err);
        if (r < 0)
            return r;
        more = *comma == ',';
        text = comma + 1;
    }
    *ret = limit;
    return 0;
}

void limit_format(const struct limit *limit, char *ret)
{
    char *end = ret;
    size_t i;

    *ret = '\0';
    for (i = 0; i < limit->count; i++)
        end += snprintf(end, LIMIT_TEXT_MAX - (size_t)(end - ret), "%s%" PRId64 ":%" PRId64, i ? "," : "",
                        limit->pairs[i].capacity, limit->pairs[i].seconds);
}
