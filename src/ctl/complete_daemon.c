/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/complete_daemon.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "ctl/complete_word.h"
#include "proxy/config/option_table.h"

static const char *const flags[] = {"check-config", "config", "help", "help-config", "set", "version"};

/* SECTION.OPTION= */
static void offer_settings(const struct word *word)
{
    char name[128];
    size_t i;

    for (i = 0; i < option_count; i++) {
        snprintf(name, sizeof(name), "%s.%s=", options[i].section, options[i].name);
        word_offer(word, "", name);
    }
}

void complete_daemon(char **words, unsigned count)
{
    struct word word = {words[count - 1], 0};
    const char *before = count > 1 ? words[count - 2] : "";
    size_t i;

    if (word_keep(&word, "--config=") || strcmp(before, "--config") == 0 || strcmp(before, "-c") == 0)
        word_offer_files(&word);
    else if (word_keep(&word, "--set=") || strcmp(before, "--set") == 0)
        offer_settings(&word);
    else
        for (i = 0; i < ARRAY_SIZE(flags); i++)
            word_offer(&word, "--", flags[i]);
}
