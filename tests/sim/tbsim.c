/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of tbsim, the ThingsBoard stand-in of the tests and the demo (README.md). */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sim/base/memory.h"
#include "sim/controller/api_key_controller.h"
#include "sim/controller/controller_mapping.h"
#include "sim/server/tomcat_connector.h"
#include "sim/spec/operation_lookup.h"
#include "sim/state/sim.h"
#include "sim/websocket/websocket_control.h"

static const char help[] =
    "Usage: tbsim [OPTION]...\n"
    "A ThingsBoard server stand-in on 127.0.0.1. Prints its URL.\n"
    "\n"
    "  --port N                     port to listen on (0, the default: a free one)\n"
    "  --edition NAME               ce (the default), pe or paas\n"
    "  --api VERSION                4.4.0 (the default) or 4.3.1.2\n"
    "  --seed N                     of generated answers (0)\n"
    "  --strict                     answer every violation of the specification with 400\n"
    "  --check-answers              check our own answers, too\n"
    "  --token-life S               life of an access token (9000)\n"
    "  --refresh-life S             life of a refresh token (604800)\n"
    "  --limits SPEC                REST limit of the tenant: capacity:seconds[,capacity:seconds...]\n"
    "  --customer-limits SPEC       REST limit of the customer\n"
    "  --write-ms N                 a telemetry or attribute write takes N ms\n"
    "  --api-key KEY                an API key of the tenant administrator\n"
    "  --requests-per-connection N  the last one carries \"Connection: close\" (100; 0: no limit)\n"
    "  --websocket-ping-ms N        pings of WebSockets; three without a pong end one (10000; 0: none)\n"
    "  --die-with-parent            end when the parent process ends\n"
    "  --help                       this text\n"
    "\n"
    "Users: sysadmin@thingsboard.org/sysadmin, tenant@thingsboard.org/tenant, "
    "customer@thingsboard.org/customer.\n"
    "Control: GET /sim/stats, POST /sim/set, POST and DELETE /sim/fault, POST /sim/release, GET and DELETE\n"
    "/sim/requests and /sim/violations, GET /sim/answer-violations, GET, POST and DELETE /sim/websockets.\n";

enum option_key {
    OPT_PORT = 256,
    OPT_EDITION,
    OPT_API,
    OPT_SEED,
    OPT_STRICT,
    OPT_CHECK_ANSWERS,
    OPT_TOKEN_LIFE,
    OPT_REFRESH_LIFE,
    OPT_LIMITS,
    OPT_CUSTOMER_LIMITS,
    OPT_WRITE_MS,
    OPT_API_KEY,
    OPT_REQUESTS_PER_CONNECTION,
    OPT_WEBSOCKET_PING_MS,
    OPT_DIE_WITH_PARENT,
    OPT_HELP,
};

static const struct option options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"edition", required_argument, NULL, OPT_EDITION},
    {"api", required_argument, NULL, OPT_API},
    {"seed", required_argument, NULL, OPT_SEED},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"check-answers", no_argument, NULL, OPT_CHECK_ANSWERS},
    {"token-life", required_argument, NULL, OPT_TOKEN_LIFE},
    {"refresh-life", required_argument, NULL, OPT_REFRESH_LIFE},
    {"limits", required_argument, NULL, OPT_LIMITS},
    {"customer-limits", required_argument, NULL, OPT_CUSTOMER_LIMITS},
    {"write-ms", required_argument, NULL, OPT_WRITE_MS},
    {"api-key", required_argument, NULL, OPT_API_KEY},
    {"requests-per-connection", required_argument, NULL, OPT_REQUESTS_PER_CONNECTION},
    {"websocket-ping-ms", required_argument, NULL, OPT_WEBSOCKET_PING_MS},
    {"die-with-parent", no_argument, NULL, OPT_DIE_WITH_PARENT},
    {"help", no_argument, NULL, OPT_HELP},
    {},
};

static bool parse_number(const char *text, int64_t most, int64_t *ret)
{
    int64_t v;

    if (parse_int64(text, &v) < 0 || v < 0 || v > most)
        return false;
    *ret = v;
    return true;
}

static bool die_with_parent(void)
{
    pid_t parent = getppid();

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return getppid() == parent; /* it may have ended before prctl() */
}

/* False: there is no such edition or version. */
static bool choose_api(struct sim *sim, const char *edition, const char *version)
{
    const struct tb_api *api = api_find(edition, version);

    if (api)
        sim->api = api;
    return api != NULL;
}

/* False: the argument is invalid. */
static bool apply_option(struct sim *sim, int key, const char *arg, int64_t *port)
{
    switch (key) {
    case OPT_PORT:
        return parse_number(arg, 65535, port);
    case OPT_EDITION:
        return choose_api(sim, arg, sim->api->version);
    case OPT_API:
        return choose_api(sim, sim->api->edition, arg);
    case OPT_SEED:
        return parse_number(arg, INT32_MAX, &sim->settings.seed);
    case OPT_STRICT:
        return sim->settings.strict = true;
    case OPT_CHECK_ANSWERS:
        return sim->settings.check_answers = true;
    case OPT_TOKEN_LIFE:
        return parse_number(arg, 1000000000, &sim->settings.token_life);
    case OPT_REFRESH_LIFE:
        return parse_number(arg, 1000000000, &sim->settings.refresh_life);
    case OPT_LIMITS:
        return limit_set(&sim->tenant_limit, arg) == 0;
    case OPT_CUSTOMER_LIMITS:
        return limit_set(&sim->customer_limit, arg) == 0;
    case OPT_WRITE_MS:
        return parse_number(arg, 3600000, &sim->settings.write_ms);
    case OPT_API_KEY:
        sim->preloaded_key = api_key_add(sim, store_find_user(&sim->store, "tenant@thingsboard.org"), arg);
        return sim->preloaded_key != NULL;
    case OPT_REQUESTS_PER_CONNECTION:
        return parse_number(arg, 1000000000, &sim->settings.requests_per_connection);
    case OPT_WEBSOCKET_PING_MS:
        return parse_number(arg, 3600000, &sim->settings.websocket_ping_ms);
    case OPT_DIE_WITH_PARENT:
        return die_with_parent();
    default:
        return false;
    }
}

/* -1: go on; otherwise the exit status. */
static int parse_options(struct sim *sim, int argc, char **argv, int64_t *port)
{
    int key;

    while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (key == OPT_HELP) {
            fputs(help, stdout);
            return 0;
        }
        if (key == '?')
            return 2;
        if (!apply_option(sim, key, optarg, port)) {
            fprintf(stderr, "tbsim: invalid argument: %s\n", argv[optind - 1]);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "tbsim: unexpected argument: %s\n", argv[optind]);
        return 2;
    }
    return -1;
}

static int serve(struct sim *sim, uint16_t port)
{
    sigset_t signals;
    int received;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    mapping_restrict(sim->api);
    struct connector *connector = connector_start(sim, port);
    if (!connector) {
        fprintf(stderr, "tbsim: cannot listen on 127.0.0.1:%u\n", port);
        return 1;
    }
    printf("http://127.0.0.1:%u\n", connector_port(connector));
    fflush(stdout);
    sigwait(&signals, &received);
    sim_stop(sim);
    connector_stop(connector);
    return 0;
}

int main(int argc, char **argv)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));
    int64_t port = 0;

    sim_init(sim, api_find("ce", "4.4.0"));
    int status = parse_options(sim, argc, argv, &port);
    if (status < 0)
        status = serve(sim, (uint16_t)port);
    mapping_unrestrict();
    websockets_forget(sim);
    sim_free(sim);
    free(sim);
    return status;
}
