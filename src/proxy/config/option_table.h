/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options: one row each in option_table.c, with its default, its range, its help, and whether a reload
 * changes it. The parser, --set, --help-config, the messages and the reload are made from the rows.
 */
#ifndef TB_PROXY_CONFIG_OPTION_TABLE_H
#define TB_PROXY_CONFIG_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum option_type { OPTION_STRING, OPTION_INTEGER, OPTION_BOOLEAN, OPTION_CHOICE };

struct option {
    const char *section;
    const char *name;
    enum option_type type;
    size_t offset;              /* in struct config */
    int64_t minimum, maximum;   /* of an integer */
    const char *initial;        /* the default, as in the file but without quotes */
    bool reloadable;            /* else a change needs a restart */
    const char *const *choices; /* ended by NULL; the value is an index */
    const char *help;
};

/* Grouped by section. */
extern const struct option options[];
extern const size_t option_count;

/* SECTION need not end with a NUL; NAME must. NULL: there is no such option. */
const struct option *option_find(const char *section, size_t section_length, const char *name);

bool option_section_exists(const char *section, size_t length);

/* Sets the message for a name that option_find() does not know, with the names that exist; returns -EINVAL.
 */
int option_refuse_name(const char *section, size_t section_length, const char *name, struct tb_error *err);

#endif
