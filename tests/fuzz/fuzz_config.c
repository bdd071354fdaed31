/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file with policies, or settings of the command line: either it is read, and then no option
 * changes by a reload; or there is a message, and more mistakes than none. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "proxy/config/check.h"
#include "proxy/config/config.h"
#include "proxy/config/load.h"
#include "proxy/config/mistakes.h"
#include "proxy/policy/policies.h"

#define SETTINGS_MAX 8

const char *__asan_default_options(void);
const char *__lsan_default_suppressions(void);

/* So that the stacks of memory that is not freed go through libconfig. */
const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}

/* libconfig's scanner does not free a string in which it finds a syntax error. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig_yylex";
}

/* The path of a file with TEXT. */
static const char *file_with(const char *text)
{
    static char path[40];
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("tbproxyd.conf", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        fuzz_silence();
    }
    must(fd >= 0 && ftruncate(fd, 0) == 0);
    must(pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
    return path;
}

static void check_read(struct config *config, const char *path, char **settings, size_t count)
{
    struct buf report = BUF_INIT(65536);
    struct tb_error err = TB_ERROR_INIT;
    struct config *fresh;

    must(config->listen.port >= 0 && config->listen.port <= 65535 && config->policies);
    must(config->policies->count <= POLICIES_MAX);
    must(config_load_unchecked(path, settings, count, NULL, &fresh, &err) == 0);
    config_reload(config, fresh, &report);
    must(report.len == 0);
    buf_free(&report);
    config_free(fresh);
}

static void check_refused(const char *path, char **settings, size_t count)
{
    struct mistakes mistakes = MISTAKES_INIT;
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    int r = config_load_unchecked(path, settings, count, &mistakes, &config, &err);

    must(r < 0 ? *err.message != '\0' : mistakes.count > 0);
    if (r == 0)
        config_free(config);
    tb_error_clear(&err);
    mistakes_free(&mistakes);
}

static void check(const char *path, char **settings, size_t count)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;

    if (config_load_unchecked(path, settings, count, NULL, &config, &err) == 0) {
        check_read(config, path, settings, count);
        must(config_check(config, NULL, &err) == 0 || *err.message);
        config_free(config);
    } else {
        must(err.code == -EINVAL && *err.message);
        check_refused(path, settings, count);
    }
    tb_error_clear(&err);
}

/* The input: a file, and after a byte of 1, lines of settings. Other files are not included. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text("", data, size), *settings[SETTINGS_MAX], *rest = text;
    const char *file = strsep(&rest, "\1");
    size_t count = 0;

    while (rest && count < SETTINGS_MAX)
        settings[count++] = strsep(&rest, "\n");
    if (!strstr(file, "include"))
        check(file_with(file), settings, count);
    free(text);
    return 0;
}
