/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "proxy/config/config_check.h"
#include "proxy/config/config_files.h"
#include "proxy/daemon/daemon.h"

#define SETTINGS_MAX 100

/* Memory for bodies of this size and more goes back to the system as soon as it is free. */
#define LARGE_BYTES (256 * 1024)

static const char usage[] =
    "Usage: tbproxyd [OPTION]...\n"
    "A local door to a ThingsBoard server: holds the login, forwards the REST API.\n"
    "\n"
    "  -c, --config FILE                 configuration (default: " CONFIG_PATH ")\n"
    "      --set SECTION.OPTION=VALUE    set an option; wins over the file; may be repeated\n"
    "      --check-config                tell whether the configuration and its files are right, and exit\n"
    "      --help-config                 print every option, as a configuration file\n"
    "      --version                     print the version\n"
    "  -h, --help                        print this\n";

struct arguments {
    const char *config_path;
    char *settings[SETTINGS_MAX];
    size_t setting_count;
    bool check_only;
};

/* Whether to go on; else *STATUS is what to exit with. */
static bool parse_arguments(int argc, char **argv, struct arguments *arguments, int *status)
{
    enum { OPT_SET = 256, OPT_CHECK_CONFIG, OPT_HELP_CONFIG, OPT_VERSION };
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"set", required_argument, NULL, OPT_SET},
        {"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
        {"help-config", no_argument, NULL, OPT_HELP_CONFIG},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    *status = EXIT_SUCCESS;
    while ((c = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
        switch (c) {
        case 'c':
            arguments->config_path = optarg;
            break;
        case OPT_SET:
            if (arguments->setting_count == SETTINGS_MAX) {
                fprintf(stderr, "tbproxyd: --set may be given %d times at most\n", SETTINGS_MAX);
                *status = EXIT_FAILURE;
                return false;
            }
            arguments->settings[arguments->setting_count++] = optarg;
            break;
        case OPT_CHECK_CONFIG:
            arguments->check_only = true;
            break;
        case OPT_HELP_CONFIG:
            config_print_help(stdout);
            return false;
        case OPT_VERSION:
            puts(PACKAGE_STRING);
            return false;
        case 'h':
            fputs(usage, stdout);
            return false;
        default:
            fputs("Try tbproxyd --help.\n", stderr);
            *status = EXIT_FAILURE;
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "tbproxyd: unexpected argument %s\nTry tbproxyd --help.\n", argv[optind]);
        *status = EXIT_FAILURE;
        return false;
    }
    return true;
}

/* Everything that is wrong is told, not only the first. */
static int check_config(const struct arguments *arguments)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config;
    unsigned errors = 0;

    if (config_load_unchecked(arguments->config_path, arguments->settings, arguments->setting_count, &config,
                              &err) < 0) {
        log_error("%s", err.message);
        return EXIT_FAILURE;
    }
    if (config_check(config, &err) < 0) {
        log_error("%s", err.message);
        errors++;
    }
    errors += config_files_check(config, arguments->config_path, stdout);
    config_free(config);
    if (errors > 0)
        return EXIT_FAILURE;
    puts("The configuration is right.");
    return EXIT_SUCCESS;
}

/* Passwords and tokens are in memory: no core dump, no reading by other programs of the same user. */
static void protect_memory(void)
{
    struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
}

/* Another file that gets the number of a closed standard descriptor would be read or written as that one. */
static void open_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config_path = CONFIG_PATH};
    struct daemon daemon = {0};
    struct tb_error err = TB_ERROR_INIT;
    struct config *config;
    int status;

    open_standard_descriptors();
    if (!parse_arguments(argc, argv, &arguments, &status))
        return status;
    protect_memory();
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (arguments.check_only)
        return check_config(&arguments);
    if (config_load(arguments.config_path, arguments.settings, arguments.setting_count, &config, &err) < 0) {
        log_error("%s", err.message);
        return EXIT_FAILURE;
    }
    log_set_level((enum log_level)config->log.level);
    daemon.config_path = arguments.config_path;
    daemon.settings = arguments.settings;
    daemon.setting_count = arguments.setting_count;
    if (daemon_open(&daemon, config, &err) < 0) {
        log_error("%s", err.message);
        return EXIT_FAILURE;
    }
    status = daemon_run(&daemon) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    daemon_close(&daemon);
    curl_global_cleanup();
    return status;
}
