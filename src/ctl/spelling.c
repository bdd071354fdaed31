/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/spelling.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool upper(char c)
{
    return isupper((unsigned char)c);
}

static bool lower(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c);
}

/* Whether a word begins at NAME[I]: after a lower-case letter, or as the last of several capitals
 * ("URLName"). */
static bool begins_word(const char *name, size_t i)
{
    if (i == 0 || !upper(name[i]))
        return false;
    return lower(name[i - 1]) || (upper(name[i - 1]) && islower((unsigned char)name[i + 1]));
}

static bool is_separator(char c)
{
    return c == '_' || c == '.' || c == '-';
}

const char *kebab_case(const char *name, char ret[NAME_MAX_BYTES])
{
    size_t length = 0;
    size_t i;

    for (i = 0; name[i] && length + 2 < NAME_MAX_BYTES; i++) {
        if (begins_word(name, i))
            ret[length++] = '-';
        ret[length++] = is_separator(name[i]) ? '-' : (char)tolower((unsigned char)name[i]);
    }
    ret[length] = '\0';
    return ret;
}

bool is_named(const char *name, const char *word)
{
    char kebab[NAME_MAX_BYTES];

    return strcmp(name, word) == 0 || strcmp(kebab_case(name, kebab), word) == 0;
}

static uint8_t least(uint8_t a, uint8_t b, uint8_t c)
{
    uint8_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

/* ROW has the distances from a word to the beginnings of a candidate of LENGTH letters. What the word lacks
 * at its end counts as one mistake, so that "getDevise" is like "getDeviceById". */
static size_t least_of(const uint8_t *row, size_t length)
{
    size_t best = row[length];
    size_t i;

    for (i = 0; i < length; i++)
        if (row[i] + 1U < best)
            best = row[i] + 1U;
    return best;
}

/* The Levenshtein distance of A and B, ignoring case; see least_of(). */
static size_t distance(const char *a, const char *b)
{
    uint8_t row[NAME_MAX_BYTES];
    size_t b_length = strlen(b);
    size_t i, j;

    if (strlen(a) >= NAME_MAX_BYTES || b_length >= NAME_MAX_BYTES)
        return SIZE_MAX;
    for (j = 0; j <= b_length; j++)
        row[j] = (uint8_t)j;
    for (i = 0; a[i]; i++) {
        uint8_t diagonal = row[0];

        row[0] = (uint8_t)(i + 1);
        for (j = 1; j <= b_length; j++) {
            bool same = tolower((unsigned char)a[i]) == tolower((unsigned char)b[j - 1]);
            uint8_t cost =
                least((uint8_t)(row[j] + 1), (uint8_t)(row[j - 1] + 1), (uint8_t)(diagonal + !same));

            diagonal = row[j];
            row[j] = cost;
        }
    }
    return least_of(row, b_length);
}

struct nearest nearest_to(const char *word)
{
    /* If more than a third of the letters differ, it is another word. */
    return (struct nearest){.word = word, .distance = strlen(word) / 3 + 2};
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
    size_t d = distance(nearest->word, candidate);

    if (d >= nearest->distance)
        return;
    nearest->distance = d;
    nearest->best = candidate;
}

const char *nearest_hint(const struct nearest *nearest, const char *prefix, char *ret, size_t size)
{
    if (nearest->best)
        snprintf(ret, size, "; did you mean %s%s?", prefix, nearest->best);
    else
        ret[0] = '\0';
    return ret;
}
