/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/rate_limit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLANKS         " \t"
#define PAIR_SHOWN_MAX 64 /* bytes of a wrong pair in a message */

/* Reads the number at *TEXT and moves *TEXT behind it. Returns MAX + 1 if it is larger, 0 if there is none.
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

static bool read_pair(const char *text, const char *end, struct rate_limit_pair *ret)
{
    ret->capacity = read_number(&text, RATE_LIMIT_CAPACITY_MAX);
    if (*text != ':')
        return false;
    text++;
    ret->seconds = read_number(&text, RATE_LIMIT_SECONDS_MAX);
    return text == end && ret->capacity >= 1 && ret->capacity <= RATE_LIMIT_CAPACITY_MAX &&
           ret->seconds >= 1 && ret->seconds <= RATE_LIMIT_SECONDS_MAX;
}

static int add_pair(struct rate_limit *limit, const char *text, const char *end, struct tb_error *err)
{
    int length = end - text < PAIR_SHOWN_MAX ? (int)(end - text) : PAIR_SHOWN_MAX;

    if (limit->count == RATE_LIMIT_PAIRS_MAX)
        return tb_error_set(err, -EINVAL, "\"%.*s\": a rate limit has at most %d pairs", length, text,
                            RATE_LIMIT_PAIRS_MAX);
    if (!read_pair(text, end, &limit->pairs[limit->count]))
        return tb_error_set(err, -EINVAL,
                            "\"%.*s\": a pair of a rate limit is capacity:seconds, whole numbers from 1 to "
                            "%" PRId64 " and from 1 to %" PRId64,
                            length, text, RATE_LIMIT_CAPACITY_MAX, RATE_LIMIT_SECONDS_MAX);
    limit->count++;
    return 0;
}

int rate_limit_parse(const char *text, struct rate_limit *ret, struct tb_error *err)
{
    struct rate_limit limit = {0};
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

void rate_limit_format(const struct rate_limit *limit, char *ret)
{
    char *end = ret;
    size_t i;

    *ret = '\0';
    for (i = 0; i < limit->count; i++)
        end += snprintf(end, RATE_LIMIT_TEXT_MAX - (size_t)(end - ret), "%s%" PRId64 ":%" PRId64,
                        i ? "," : "", limit->pairs[i].capacity, limit->pairs[i].seconds);
}
