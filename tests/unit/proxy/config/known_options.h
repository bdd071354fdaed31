/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the configuration know about each option: its place in struct config and its type are
 * listed here; its range, its default and whether it is reloadable are read from the output of
 * config_print_help().
 */
#ifndef TB_PROXY_KNOWN_OPTIONS_H
#define TB_PROXY_KNOWN_OPTIONS_H

#include "proxy/config/config.h"
#include "proxy/config/load.h"
#include "unit.h"

#define OPTION_COUNT 72

enum option_kind {
    KIND_STRING,
    KIND_INTEGER,
    KIND_BOOLEAN,
    KIND_LEVEL,
    KIND_MODE,
    KIND_SPOOL_MODE,
    KIND_WHEN_FULL,
    KIND_HTTP2,
    KIND_TLS,
    KIND_FORMAT
};

struct known_option {
    const char *section, *name;
    enum option_kind kind;
    size_t offset;
    bool found; /* in the help */
    bool reloadable;
    int64_t minimum, maximum;
    char initial[100];
};

extern struct known_option known_options[OPTION_COUNT];

/* Reads the rest of KNOWN_OPTIONS from the help. */
void options_read_help(void);

/* The output of config_print_help(). The caller frees it. */
char *options_help(void);

/* The value as text, in static memory. */
const char *option_text(const struct known_option *option, const struct config *config);

/* The smallest valid configuration. */
#define MINIMAL "upstream = {\n  url = \"http://tb.example:8080\";\n  api_key_file = \"/key\";\n};\n"

/* Loads TEXT from a file and then SETTINGS, ended by NULL. */
int options_load(const char *text, char *const *settings, struct config **ret, struct tb_error *err);

/* The file that options_load() writes. */
const char *options_path(void);

/* The same for a valid configuration. */
struct config *options_must_load(const char *text, char *const *settings);

#define SETTINGS(...) ((char *[]){__VA_ARGS__, NULL})

#endif
