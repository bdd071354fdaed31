/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/route/urgency.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/util.h"

#define BLANKS " \t\r\n"

/* A word "name=level" of the text, without surrounding blanks. */
struct word {
    const char *text;
    size_t length;
    size_t name_length;
    uint8_t level;
};

static int parse_word(const char *text, size_t length, struct word *ret, struct tb_error *err)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals ? (size_t)(equals - text) : 0;
    const char *level = equals ? equals + 1 + strspn(equals + 1, BLANKS) : NULL;

    while (name_length > 0 && strchr(BLANKS, text[name_length - 1]))
        name_length--;
    if (name_length == 0 || level + 1 != text + length || *level < '0' || *level >= '0' + URGENCY_LEVELS)
        return tb_error_set(
            err, -EINVAL,
            "\"%.*s\": must be OPERATION=LEVEL, with the id or tag of an operation and a level from 0 (most "
            "urgent) to 7",
            (int)length, text);
    *ret = (struct word){text, length, name_length, (uint8_t)(*level - '0')};
    return 0;
}

static bool is_name(const struct word *word, const char *name)
{
    return strlen(name) == word->name_length && memcmp(name, word->text, word->name_length) == 0;
}

/* Sets the level of every operation whose id, or with TAGS whose tag, is the word's name. */
static void apply(struct urgencies *urgencies, const struct word *word, bool tags)
{
    size_t i;

    for (i = 0; i < operation_count; i++)
        if (is_name(word, tags ? operation_tag(&operations[i]) : operation_id(&operations[i])))
            urgencies->levels[i] = word->level;
}

static bool is_known(const struct word *word)
{
    size_t i;

    for (i = 0; i < operation_count; i++)
        if (is_name(word, operation_id(&operations[i])) || is_name(word, operation_tag(&operations[i])))
            return true;
    return false;
}

static int apply_words(struct urgencies *urgencies, const char *text, bool tags, struct tb_error *err)
{
    while (*(text += strspn(text, BLANKS))) {
        size_t end = strcspn(text, ","), length = end;
        struct word word = {0};
        int r;

        while (length > 0 && strchr(BLANKS, text[length - 1]))
            length--;
        r = parse_word(text, length, &word, err);
        if (r < 0)
            return r;
        if (!is_known(&word))
            return tb_error_set(
                err, -EINVAL,
                "\"%.*s\" is not the id or tag of an operation; list them with \"tbproxyctl operations\"",
                (int)word.name_length, word.text);
        apply(urgencies, &word, tags);
        text += end + (text[end] == ',');
    }
    return 0;
}

int urgencies_parse(const char *text, struct urgencies *ret, struct tb_error *err)
{
    struct urgencies urgencies = {malloc(operation_count)};
    int r;

    if (!urgencies.levels)
        return tb_error_set(err, -ENOMEM, "out of memory");
    memset(urgencies.levels, URGENCY_DEFAULT, operation_count);
    r = apply_words(&urgencies, text, true, err);
    if (r == 0)
        r = apply_words(&urgencies, text, false, err);
    if (r < 0) {
        urgencies_free(&urgencies);
        return r;
    }
    *ret = urgencies;
    return 0;
}

void urgencies_free(struct urgencies *urgencies)
{
    free(TAKE_PTR(urgencies->levels));
}

unsigned urgency_of(const struct urgencies *urgencies, const struct operation *operation)
{
    return operation && urgencies->levels ? urgencies->levels[operation - operations] : URGENCY_DEFAULT;
}
