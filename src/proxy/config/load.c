/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/load.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "proxy/config/check.h"
#include "proxy/config/config.h"
#include "proxy/config/file_text.h"
#include "proxy/config/mistakes.h"
#include "proxy/config/option_table.h"
#include "proxy/config/option_value.h"
#include "proxy/config/read_apart.h"
#include "proxy/config/syntax_error.h"
#include "proxy/policy/policies.h"

/* libconfig names only included files; PATH is the file itself. */
static const char *file_of(const char *path, const config_setting_t *setting)
{
    const char *file = config_setting_source_file(setting);

    return file ? file : path;
}

#define CHANGE_MAX_BYTES 200 /* in words */

#define POLICIES_SECTION "policies"

/* The setting OPTION in a section before SECTION of the same name, or NULL. */
static const config_setting_t *find_earlier(const struct option *option, const config_setting_t *section)
{
    const config_setting_t *root = config_setting_parent(section), *found = NULL;
    int i, end = config_setting_index(section);

    for (i = 0; i < end && !found; i++) {
        const config_setting_t *other = config_setting_get_elem(root, (unsigned)i);
        const char *name = config_setting_name(other);

        if (option_find(name, strcspn(name, FILE_TEXT_REPEAT_MARK), option->name) == option)
            found = config_setting_get_member(other, option->name);
    }
    return found;
}

/* Remembers where OPTION is set, for the checks that come later. */
static int note_place(struct config *config, const struct option *option, const char *path,
                      const config_setting_t *setting, struct tb_error *err)
{
    char *place;

    if (asprintf(&place, "%s:%u", file_of(path, setting), config_setting_source_line(setting)) < 0)
        return tb_error_set(err, -ENOMEM, "out of memory");
    free(config->places[option - options]);
    config->places[option - options] = place;
    return 0;
}

static int set_option(struct config *config, const char *path, const config_setting_t *section,
                      config_setting_t *setting, struct tb_error *err)
{
    const char *name = config_setting_name(section);
    size_t length = strcspn(name, FILE_TEXT_REPEAT_MARK);
    const struct option *option = option_find(name, length, config_setting_name(setting));
    const config_setting_t *earlier;

    if (!option)
        return option_refuse_name(name, length, config_setting_name(setting), err);
    if (note_place(config, option, path, setting, err) < 0)
        return -ENOMEM;
    earlier = find_earlier(option, section);
    if (earlier)
        return tb_error_set(err, -EINVAL, "%s.%s is already set in %s, line %u", option->section,
                            option->name, file_of(path, earlier), config_setting_source_line(earlier));
    return option_set_setting(option, config, setting, err);
}

static int place(int r, const char *path, const config_setting_t *at, struct tb_error *err)
{
    return r < 0 ? tb_error_prefix(err, "%s:%u", file_of(path, at), config_setting_source_line(at)) : 0;
}

static int check_section(const config_setting_t *section, struct tb_error *err)
{
    const char *name = config_setting_name(section);
    size_t length = strcspn(name, FILE_TEXT_REPEAT_MARK);

    if (!config_setting_is_group(section))
        return tb_error_set(err, -EINVAL, "%s must be a section: %s = { ... };", name, name);
    return option_section_exists(name, length) ? 0 : option_refuse_name(name, length, "", err);
}

static int read_section(struct config *config, const char *path, config_setting_t *section,
                        struct mistakes *mistakes, struct tb_error *err)
{
    int i, r = place(check_section(section, err), path, section, err);

    if (r < 0)
        return mistakes_take(mistakes, r, err);
    for (i = 0; r == 0 && i < config_setting_length(section); i++) {
        config_setting_t *setting = config_setting_get_elem(section, (unsigned)i);

        r = place(set_option(config, path, section, setting, err), path, setting, err);
        r = mistakes_take(mistakes, r, err);
    }
    return r;
}

static bool is_policies(const config_setting_t *section)
{
    const char *name = config_setting_name(section);

    return strcspn(name, FILE_TEXT_REPEAT_MARK) == strlen(POLICIES_SECTION) &&
           strncmp(name, POLICIES_SECTION, strlen(POLICIES_SECTION)) == 0 && config_setting_is_group(section);
}

static int read_policies(struct config *config, const char *path, config_setting_t *section,
                         struct mistakes *mistakes, struct tb_error *err)
{
    int i, r = 0;

    for (i = 0; r == 0 && i < config_setting_length(section); i++) {
        config_setting_t *policy = config_setting_get_elem(section, (unsigned)i);

        r = policies_add(config->policies, file_of(path, policy), policy, err);
        r = mistakes_take(mistakes, r, err);
    }
    return r;
}

static int read_group(struct config *config, const char *path, config_setting_t *section,
                      struct mistakes *mistakes, struct tb_error *err)
{
    return is_policies(section) ? read_policies(config, path, section, mistakes, err)
                                : read_section(config, path, section, mistakes, err);
}

static int read_file(struct config *config, const char *path, struct mistakes *mistakes, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(FILE_TEXT_MAX_BYTES);
    config_setting_t *root;
    config_t parsed;
    int i, r = file_text_read(path, &text, mistakes, err);

    if (r < 0)
        return r;
    mistakes_begin_stage(mistakes);
    config_init(&parsed);
    if (config_read_string(&parsed, text.data) != CONFIG_TRUE)
        r = syntax_error_find(&parsed, path, text.data, err);
    root = config_root_setting(&parsed);
    for (i = 0; r == 0 && i < config_setting_length(root); i++)
        r = read_group(config, path, config_setting_get_elem(root, (unsigned)i), mistakes, err);
    config_destroy(&parsed);
    return r;
}

/* It takes precedence over the file, whose line has nothing to say then. */
static int set_instead(struct config *config, const struct option *option, const char *value,
                       struct tb_error *err)
{
    free(config->places[option - options]);
    config->places[option - options] = NULL;
    return option_set_text(option, config, value, err);
}

static int apply_set(struct config *config, const char *setting, struct tb_error *err)
{
    const char *equals = strchr(setting, '=');
    const char *dot = equals ? memchr(setting, '.', (size_t)(equals - setting)) : NULL;
    CLEANUP(free_pointer) char *name = NULL;
    const struct option *option;
    int r;

    if (!dot)
        return tb_error_set(err, -EINVAL, "--set %s: must be section.option=value", setting);
    name = strndup(dot + 1, (size_t)(equals - dot - 1));
    if (!name)
        return tb_error_set(err, -ENOMEM, "out of memory");
    option = option_find(setting, (size_t)(dot - setting), name);
    r = option ? set_instead(config, option, equals + 1, err)
               : option_refuse_name(setting, (size_t)(dot - setting), name, err);
    return r < 0 ? tb_error_prefix(err, "--set %s", setting) : 0;
}

struct config *config_new(const char *path)
{
    struct config *config = calloc(1, sizeof(*config));

    if (!config)
        return NULL;
    config->path = strdup(path);
    config->policies = policies_new();
    config->places = calloc(option_count, sizeof(*config->places));
    if (config->path && config->policies && config->places)
        return config;
    config_free(config);
    return NULL;
}

int config_load_unchecked(const char *path, char *const *settings, size_t count, struct mistakes *mistakes,
                          struct config **ret, struct tb_error *err)
{
    struct config *config = config_new(path);
    int r = config ? 0 : tb_error_set(err, -ENOMEM, "out of memory");
    size_t i;

    for (i = 0; r == 0 && i < option_count; i++)
        r = option_set_text(&options[i], config, options[i].initial, err);
    if (r == 0)
        r = read_file(config, path, mistakes, err);
    for (i = 0; r == 0 && i < count; i++)
        r = mistakes_take(mistakes, apply_set(config, settings[i], err), err);
    mistakes_begin_stage(mistakes);
    if (r < 0) {
        config_free(config);
        return r;
    }
    *ret = config;
    return 0;
}

int config_load(const char *path, char *const *settings, size_t count, struct config **ret,
                struct tb_error *err)
{
    struct config *config;
    int r = config_read_apart(path, settings, count, &config, err);

    if (r < 0)
        return r;
    r = config_check(config, NULL, err);
    if (r < 0)
        config_free(config);
    else
        *ret = config;
    return r;
}

void config_free(struct config *config)
{
    size_t i;

    for (i = 0; config && i < option_count; i++) {
        option_free(&options[i], config);
        if (config->places)
            free(config->places[i]);
    }
    if (config) {
        free(config->path);
        free(config->places);
        policies_free(config->policies);
    }
    free(config);
}

static void PRINTF_LIKE(3, 4) say(struct buf *report, enum log_level level, const char *format, ...)
{
    char text[CHANGE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_write(level, "%s", text);
    if (report)
        buf_append_format(report, "%s\n", text);
}

void config_reload(struct config *config, struct config *fresh, struct buf *report)
{
    size_t i;

    for (i = 0; i < option_count; i++) {
        const struct option *option = &options[i];

        if (!option_differs(option, config, fresh))
            continue;
        if (!option->reloadable)
            say(report, LOG_LEVEL_WARNING, "%s.%s has changed; restart tbproxyd to apply it", option->section,
                option->name);
        else if (option_copy(option, config, fresh))
            say(report, LOG_LEVEL_INFO, "%s.%s has changed and is in effect", option->section, option->name);
        else
            say(report, LOG_LEVEL_ERROR, "%s.%s has changed but is not in effect: out of memory",
                option->section, option->name);
    }
    policies_free(config->policies);
    config->policies = TAKE_PTR(fresh->policies);
}
