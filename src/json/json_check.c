/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_check.h"

#include <string.h>

#include "base/utf8.h"
#include "json/json_read.h"
#include "json/json_text.h"
#include "json/number_text.h"

struct checker {
    const char *at, *end;
    size_t depth;
    char open[JSON_CHECK_DEPTH]; /* the brackets around the value */
};

/* The next byte that is not white space; a NUL, which begins nothing, at the end. */
static char next(struct checker *checker)
{
    if (checker->at < checker->end && *checker->at <= ' ')
        checker->at = json_text_skip_blanks(checker->at, checker->end);
    return checker->at < checker->end ? *checker->at : '\0';
}

static bool skip(struct checker *checker, size_t length)
{
    checker->at += length;
    return length > 0;
}

static size_t word_length(const struct checker *checker, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(checker->end - checker->at) >= length && memcmp(checker->at, word, length) == 0 ? length
                                                                                                    : 0;
}

static bool check_scalar(struct checker *checker, char first)
{
    switch (first) {
    case '"':
        return skip(checker, json_read_string(checker->at, checker->end));
    case 't':
        return skip(checker, word_length(checker, "true"));
    case 'f':
        return skip(checker, word_length(checker, "false"));
    case 'n':
        return skip(checker, word_length(checker, "null"));
    default:
        return skip(checker, number_length(checker->at, checker->end));
    }
}

static bool check_name(struct checker *checker)
{
    return next(checker) == '"' && check_scalar(checker, '"') && next(checker) == ':' && skip(checker, 1);
}

static char closing(char bracket)
{
    return bracket == '{' ? '}' : ']';
}

/* To the end of a scalar, or behind the opening bracket of an empty object or array. */
static bool check_value(struct checker *checker)
{
    for (;;) {
        char first = next(checker);

        if (checker->depth == JSON_CHECK_DEPTH)
            return false;
        if (first != '{' && first != '[')
            return check_scalar(checker, first);
        checker->open[checker->depth++] = first;
        checker->at++;
        if (next(checker) == closing(first))
            return true;
        if (first == '{' && !check_name(checker))
            return false;
    }
}

/* What follows a value, up to the next one. */
static bool check_rest(struct checker *checker)
{
    char first = next(checker);

    while (checker->depth > 0 && first == closing(checker->open[checker->depth - 1])) {
        checker->depth--;
        checker->at++;
        first = next(checker);
    }
    if (checker->depth == 0)
        return checker->at == checker->end;
    return first == ',' && skip(checker, 1) &&
           (checker->open[checker->depth - 1] == '[' || check_name(checker));
}

bool json_check(const char *text, size_t length)
{
    struct checker checker; /* not zeroed: it is large */

    checker.at = text;
    checker.end = text + length;
    checker.depth = 0;
    if (utf8_count(text, length) < 0)
        return false;
    do
        if (!check_value(&checker) || !check_rest(&checker))
            return false;
    while (checker.depth > 0);
    return true;
}
