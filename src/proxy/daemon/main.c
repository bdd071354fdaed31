/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/log.h"
#include "proxy/config/check.h"
#include "proxy/config/check_files.h"
#include "proxy/config/config.h"
#include "proxy/config/help.h"
#include "proxy/config/load.h"
#include "proxy/config/mistakes.h"
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/log_format.h"
#include "proxy/daemon/misconfigured.h"
#include "proxy/listen/passed_sockets.h"
#include "transport/library_memory.h"

#define EXIT_USAGE   2
#define SETTINGS_MAX 100

/* Freed memory of at least this size, such as a body, is returned to the system at once. */
#define LARGE_BYTES (256 * 1024)

static const char usage[] =
    "Usage: tbproxyd [OPTION]...\n"
    "Local proxy for the REST API of a ThingsBoard server. It holds the\n"
    "credential and adds it to each request.\n"
    "\n"
    "  -c, --config FILE    configuration file (default:\n"
    "                       " CONFIG_PATH ")\n"
    "      --set SECTION.OPTION=VALUE\n"
    "                       set an option; overrides the file; can be repeated\n"
    "      --check-config   check the configuration and the files it names, and exit\n"
    "      --help-config    print every option, as a configuration file\n"
    "      --version        print the version\n"
    "  -h, --help           print this help\n";

struct arguments {
    const char *config_path;
    char *settings[SETTINGS_MAX];
    size_t setting_count;
    bool check_only;
};

/* Whether to continue; if not, *STATUS is the exit status. */
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
                fprintf(stderr, "tbproxyd: at most %d --set options are allowed\n", SETTINGS_MAX);
                *status = EXIT_USAGE;
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
            fputs("Try 'tbproxyd --help'.\n", stderr);
            *status = EXIT_USAGE;
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "tbproxyd: unexpected argument %s\nTry 'tbproxyd --help'.\n", argv[optind]);
        *status = EXIT_USAGE;
        return false;
    }
    return true;
}

/* All mistakes with which reading can go on are reported at once; a syntax error ends it. */
static int check_config(const struct arguments *arguments)
{
    struct mistakes mistakes = MISTAKES_INIT;
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    unsigned errors = 0;
    int r = config_load_unchecked(arguments->config_path, arguments->settings, arguments->setting_count,
                                  &mistakes, &config, &err);

    if (r == 0)
        r = config_check(config, &mistakes, &err);
    if (r < 0)
        log_error("%s", err.message);
    else
        errors = mistakes.count + config_check_files(config, arguments->config_path, stdout);
    config_free(config);
    mistakes_free(&mistakes);
    if (r < 0 || errors > 0)
        return EX_CONFIG;
    puts("Configuration OK");
    return EXIT_SUCCESS;
}

/* Passwords and tokens are in memory: prevents core dumps, and access by other programs of the same user. */
static void protect_memory(void)
{
    struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
}

/* If a standard descriptor is closed, the next file opened gets its number, and the log would be written to
 * it. */
static void open_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Reads the configuration and opens everything but the listeners. 0, or the exit status. */
static int configure(struct daemon *daemon, const struct arguments *arguments, struct tb_error *err)
{
    struct config *config;
    int r = config_load(arguments->config_path, arguments->settings, arguments->setting_count, &config, err);

    *daemon = (struct daemon){
        .config_path = arguments->config_path,
        .settings = arguments->settings,
        .setting_count = arguments->setting_count,
    };
    if (r == 0) {
        log_configure(config);
        r = daemon_open(daemon, config, err);
    }
    if (r == 0 && library_memory_lacked()) { /* it may not have all certificates */
        daemon_close(daemon);
        r = tb_error_set(err, -ENOMEM, "out of memory");
    }
    if (r < 0)
        log_error("%s", err->message);
    return r == 0 ? 0 : r == -ENOMEM || r == -EMFILE ? EXIT_FAILURE : EX_CONFIG;
}

static int run(struct daemon *daemon)
{
    struct tb_error err = TB_ERROR_INIT;
    int r = daemon_listen(daemon, &err);

    if (r < 0) {
        log_error("%s", err.message);
        return r == -EINVAL ? EX_CONFIG : EXIT_FAILURE;
    }
    r = daemon_run(daemon);
    daemon_close(daemon);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config_path = CONFIG_PATH};
    struct tb_error err = TB_ERROR_INIT;
    struct daemon daemon;
    int status;

    open_standard_descriptors();
    if (!parse_arguments(argc, argv, &arguments, &status))
        return status;
    protect_memory();
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    /* A huge page holds the memory of many connections, and would stay resident for one of them. */
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    if (!library_memory_init()) {
        log_error("out of memory");
        return EXIT_FAILURE;
    }
    if (arguments.check_only)
        return check_config(&arguments);
    while ((status = configure(&daemon, &arguments, &err)) == EX_CONFIG && passed_sockets_exist()) {
        if (!misconfigured_serve(err.message))
            return EXIT_SUCCESS;
        tb_error_clear(&err);
    }
    if (status == 0)
        status = run(&daemon);
    curl_global_cleanup();
    return status;
}
