/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_health.h"

#include "http/proxy_status.h"
#include "unit.h"

static struct loop loop;
static struct servers servers;
static struct server_health health;

static void changed(struct server_health *changed_health)
{
    ck_assert_ptr_eq(changed_health, &health);
}

static void set_up(void)
{
    servers = (struct servers){.count = 1};
    health = (struct server_health){.probes_single = true};
    ck_assert_int_eq(loop_init(&loop), 0);
    server_health_open(&health, &loop, &servers, changed);
}

static void tear_down(void)
{
    server_health_close(&health);
    loop_close(&loop);
}

static void report_unsent(const char *token)
{
    struct transfer transfer = {
        .knowledge = TRANSFER_NOT_SENT, .error = {502, token}, .response = HEADERS_INIT};

    server_health_report(&health, 0, &transfer, true);
}

START_TEST(no_connection_ejects)
{
    report_unsent("connection_refused");
    ck_assert(failover_has_none(&health.failover));
}
END_TEST

START_TEST(what_this_host_lacks_is_a_reason_for_a_probe_only)
{
    report_unsent(PROXY_STATUS_INTERNAL_ERROR);
    ck_assert(!failover_has_none(&health.failover));
    ck_assert(!failover_is_sound(&health.failover));
    ck_assert_int_eq(failover_due_ms(&health.failover), loop.now_ms);
}
END_TEST

UNIT_SUITE(server_health)
{
    TCase *tests;
    Suite *suite = unit_suite_create("server_health", &tests);

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, no_connection_ejects);
    tcase_add_test(tests, what_this_host_lacks_is_a_reason_for_a_probe_only);
    return suite;
}
