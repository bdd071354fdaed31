/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/complete_word.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"

const char *word_text(const struct word *word)
{
    return word->whole + word->kept;
}

bool word_keep(struct word *word, const char *start)
{
    size_t length = strlen(start);

    if (strncmp(word_text(word), start, length) != 0)
        return false;
    word->kept += length;
    return true;
}

static bool is_plain(const char *text)
{
    while (*text && utf8_control_length(text) == 0)
        text++;
    return *text == '\0';
}

void word_offer(const struct word *word, const char *prefix, const char *candidate)
{
    const char *text = word_text(word);
    size_t length = strlen(text);
    size_t first = strlen(prefix);

    if (strncmp(text, prefix, length < first ? length : first) != 0)
        return;
    if (length > first && strncmp(text + first, candidate, length - first) != 0)
        return;
    if (is_plain(candidate))
        printf("%.*s%s%s\n", (int)word->kept, word->whole, prefix, candidate);
}

/* A hidden file is offered only to who has typed its dot. START: what is typed of the name. */
static void offer_file(const struct word *word, const char *folder, const char *start, const char *name)
{
    char path[PATH_MAX];
    char candidate[NAME_MAX + 2];
    struct stat st;

    if (*name == '.' && *start != '.')
        return;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    if ((size_t)snprintf(path, sizeof(path), "%s%s", folder, name) >= sizeof(path))
        return;
    snprintf(candidate, sizeof(candidate), "%s%s", name,
             stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? "/" : "");
    word_offer(word, folder, candidate);
}

void word_offer_files(const struct word *word)
{
    const char *text = word_text(word);
    const char *slash = strrchr(text, '/');
    const char *start = slash ? slash + 1 : text;
    char folder[PATH_MAX];
    struct dirent **entries;
    int count, i;

    if ((size_t)snprintf(folder, sizeof(folder), "%.*s", (int)(start - text), text) >= sizeof(folder))
        return;
    count = scandir(*folder ? folder : ".", &entries, NULL, alphasort);
    for (i = 0; i < count; i++) {
        offer_file(word, folder, start, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}
