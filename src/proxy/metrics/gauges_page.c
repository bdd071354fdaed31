/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "proxy/metrics/metrics_private.h"

static void print_queue(struct page *page, const struct metrics_gauges *gauges)
{
    page_one(page, PAGE_GAUGE, "tbproxyd_queue_requests", "Requests waiting to be sent.",
             gauges->queue_requests);
    page_one(page, PAGE_GAUGE, "tbproxyd_queue_max_requests",
             "How many requests of one user may wait (queue.max_requests).", gauges->queue_max_requests);
    page_one(page, PAGE_GAUGE, "tbproxyd_queue_bytes", "Bytes in the bodies of waiting requests.",
             gauges->queue_bytes);
    page_one(page, PAGE_GAUGE, "tbproxyd_queue_max_bytes",
             "How many bytes of one user may wait (queue.max_bytes).", gauges->queue_max_bytes);
    page_family(page, PAGE_GAUGE, "tbproxyd_queue_oldest_seconds",
                "How long the request has waited that has waited longest.");
    page_sample(page, NULL);
    page_micro(page, (uint64_t)gauges->queue_oldest_ms * 1000);
}

static void print_local(struct page *page, const struct metrics_gauges *gauges)
{
    page_one(page, PAGE_GAUGE, "tbproxyd_local_connections", "Open connections of local programs.",
             gauges->local_connections);
    page_one(page, PAGE_GAUGE, "tbproxyd_websockets", "Open WebSockets of local programs.",
             gauges->websockets);
    page_one(page, PAGE_GAUGE, "tbproxyd_subscribers", "Programs reading /-/subscribe/.",
             gauges->subscribers);
    page_one(page, PAGE_GAUGE, "tbproxyd_subscriptions", "Distinct subscriptions of these programs.",
             gauges->subscriptions);
}

static void print_state(struct page *page, const struct metrics_gauges *gauges)
{
    bool is_up = gauges->condition == SERVER_READY || gauges->condition == SERVER_LIMITED;
    unsigned i;

    page_one(page, PAGE_GAUGE, "tbproxyd_server_up", "1 if the server answers requests, else 0.", is_up);
    page_family(page, PAGE_GAUGE, "tbproxyd_server_state",
                "1 for the state of the server, 0 for the others.");
    for (i = 0; i < SERVER_CONDITIONS; i++) {
        page_sample(page, NULL);
        page_label(page, "state", server_condition_name((enum server_condition)i));
        page_number(page, i == (unsigned)gauges->condition);
    }
}

static void print_session(struct page *page, const struct metrics_gauges *gauges)
{
    static const char *const calls[SESSION_CALL_KINDS] = {"login", "renewal", "check"};
    static const char *const outcomes[SESSION_OUTCOMES] = {"succeeded", "refused", "failed"};
    size_t kind, outcome;

    page_one(page, PAGE_GAUGE, "tbproxyd_session_ready",
             "1 if requests can be sent with a credential, else 0.", gauges->session_ready);
    page_family(page, PAGE_COUNTER, "tbproxyd_session_calls",
                "Logins, token renewals and checks of a credential, by outcome.");
    for (kind = 0; kind < SESSION_CALL_KINDS; kind++)
        for (outcome = 0; outcome < SESSION_OUTCOMES; outcome++) {
            page_sample(page, NULL);
            page_label(page, "call", calls[kind]);
            page_label(page, "outcome", outcomes[outcome]);
            page_number(page, gauges->session_calls[kind][outcome]);
        }
}

/* A sample for each bucket of the limit, labelled as rate.limits has it: "100:1". */
static void print_buckets(struct page *page, const struct metrics_gauges *gauges, bool is_level)
{
    char name[64];
    size_t i;

    for (i = 0; i < gauges->bucket_count; i++) {
        const struct metrics_bucket *bucket = &gauges->buckets[i];

        snprintf(name, sizeof(name), "%" PRId64 ":%" PRId64, bucket->limit.capacity, bucket->limit.seconds);
        page_sample(page, NULL);
        page_label(page, "bucket", name);
        if (is_level)
            page_real(page, bucket->tokens);
        else
            page_number(page, (uint64_t)bucket->limit.capacity);
    }
}

static void print_budget(struct page *page, const struct metrics_gauges *gauges)
{
    page_family(page, PAGE_GAUGE, "tbproxyd_budget_tokens", "Tokens left in each bucket of the rate limit.");
    print_buckets(page, gauges, true);
    page_family(page, PAGE_GAUGE, "tbproxyd_budget_capacity_tokens", "Tokens that each bucket holds.");
    print_buckets(page, gauges, false);
    page_family(page, PAGE_COUNTER, "tbproxyd_budget_closed_seconds",
                "How long nothing was sent after a 429 from the server.");
    page_sample(page, NULL);
    page_micro(page, (uint64_t)gauges->closed_ms * 1000);
    page_family(page, PAGE_GAUGE, "tbproxyd_learned_pace_tokens_per_second",
                "Pace learned from 429 responses; absent if there is none.");
    if (gauges->pace > 0) {
        page_sample(page, NULL);
        page_real(page, gauges->pace);
    }
    page_one(page, PAGE_GAUGE, "tbproxyd_upstream_in_flight", "Calls that the server has not answered yet.",
             gauges->in_flight);
    page_one(
        page, PAGE_GAUGE, "tbproxyd_upstream_max_in_flight",
        "How many calls the server may have at a time (upstream.max_connections, upstream.max_requests).",
        gauges->max_in_flight);
}

/* ---- the spool ---- */

/* A family with a sample for each state. */
static void print_by_state(struct page *page, const char *name, const char *help, uint64_t waiting,
                           uint64_t aside)
{
    page_family(page, PAGE_GAUGE, name, help);
    page_sample(page, NULL);
    page_label(page, "state", "waiting");
    page_number(page, waiting);
    page_sample(page, NULL);
    page_label(page, "state", "aside");
    page_number(page, aside);
}

static void print_spool(struct page *page, const struct metrics_spool *spool)
{
    if (!spool->is_on)
        return;
    page_one(page, PAGE_GAUGE, "tbproxyd_spool_up", "1 if the file of the spool can be used, else 0.",
             spool->is_open);
    print_by_state(page, "tbproxyd_spool_rows", "Rows in the spool: that wait, and that were set aside.",
                   spool->waiting, spool->aside);
    print_by_state(page, "tbproxyd_spool_row_bytes", "Bytes of these rows.", spool->waiting_bytes,
                   spool->aside_bytes);
    page_one(page, PAGE_GAUGE, "tbproxyd_spool_max_rows", "How many rows one user may have (spool.max_rows).",
             spool->max_rows);
    page_one(page, PAGE_GAUGE, "tbproxyd_spool_max_bytes",
             "How many bytes one user may have (spool.max_bytes).", spool->max_bytes);
    page_family(page, PAGE_GAUGE, "tbproxyd_spool_oldest_seconds",
                "How long ago the row arrived that waits longest.");
    page_sample(page, NULL);
    page_micro(page, (uint64_t)spool->oldest_ms * 1000);
    page_one(page, PAGE_GAUGE, "tbproxyd_spool_disk_bytes", "Size of the spool's files.", spool->disk_bytes);
    page_one(page, PAGE_COUNTER, "tbproxyd_spool_commits", "Transactions that are on the disk.",
             spool->commits);
}

/* ---- servers ---- */

enum server_value {
    SERVER_HEALTHY,
    SERVER_STREAMS,
    SERVER_WAITING,
    SERVER_OPENED,
    SERVER_SENT,
    SERVER_RECEIVED
};

static uint64_t server_value(const struct metrics_server *server, enum server_value value)
{
    const struct transport_state *connections = &server->connections;

    switch (value) {
    case SERVER_HEALTHY:
        return server->is_healthy;
    case SERVER_STREAMS:
        return connections->transfers;
    case SERVER_WAITING:
        return connections->waiting;
    case SERVER_OPENED:
        return connections->opened;
    case SERVER_SENT:
        return connections->bytes.sent;
    default:
        return connections->bytes.received;
    }
}

static void print_connections(struct page *page, const struct metrics_gauges *gauges)
{
    static const char *const names[] = {"opening", "idle", "busy"};
    size_t server, state;

    page_family(page, PAGE_GAUGE, "tbproxyd_upstream_connections",
                "Connections to a server, by what they do.");
    for (server = 0; server < gauges->server_count; server++) {
        const struct transport_state *connections = &gauges->servers[server].connections;
        const unsigned counts[] = {connections->opening, connections->idle, connections->busy};

        for (state = 0; state < ARRAY_SIZE(names); state++) {
            page_sample(page, NULL);
            page_label(page, "server", gauges->servers[server].url);
            page_label(page, "state", names[state]);
            page_number(page, counts[state]);
        }
    }
}

static void print_servers(struct page *page, const struct metrics_gauges *gauges)
{
    static const struct {
        enum page_type type;
        const char *name, *help;
    } families[] = {
        [SERVER_HEALTHY] = {PAGE_GAUGE, "tbproxyd_upstream_healthy", "1 if the server can be used, else 0."},
        [SERVER_STREAMS] = {PAGE_GAUGE, "tbproxyd_upstream_streams",
                            "Requests on connections to a server; with HTTP/2, streams."},
        [SERVER_WAITING] = {PAGE_GAUGE, "tbproxyd_upstream_waiting", "Requests waiting for a connection."},
        [SERVER_OPENED] = {PAGE_COUNTER, "tbproxyd_upstream_connections_opened",
                           "Connections begun, also those that could not be made."},
        [SERVER_SENT] = {PAGE_COUNTER, "tbproxyd_upstream_sent_bytes",
                         "Bytes sent to a server, without those of TLS."},
        [SERVER_RECEIVED] = {PAGE_COUNTER, "tbproxyd_upstream_received_bytes",
                             "Bytes received from a server, without those of TLS."},
    };
    size_t i, server;

    for (i = 0; i < ARRAY_SIZE(families); i++) {
        page_family(page, families[i].type, families[i].name, families[i].help);
        for (server = 0; server < gauges->server_count; server++) {
            page_sample(page, NULL);
            page_label(page, "server", gauges->servers[server].url);
            page_number(page, server_value(&gauges->servers[server], (enum server_value)i));
        }
    }
    print_connections(page, gauges);
}

/* ---- the process, with the names that all programs use ---- */

static void print_process(struct page *page, const struct process *process)
{
    page_family(page, PAGE_COUNTER, "process_cpu_seconds", "CPU time, of user and system.");
    page_sample(page, NULL);
    page_micro(page, process->cpu_us);
    page_one(page, PAGE_GAUGE, "process_resident_memory_bytes", "Resident memory.", process->resident_bytes);
    page_one(page, PAGE_GAUGE, "process_virtual_memory_bytes", "Virtual memory.", process->virtual_bytes);
    page_one(page, PAGE_GAUGE, "process_open_fds", "Open descriptors.", process->open_fds);
    page_one(page, PAGE_GAUGE, "process_max_fds", "How many descriptors may be open.", process->max_fds);
}

void metrics_print_gauges(struct page *page, const struct metrics_gauges *gauges)
{
    print_state(page, gauges);
    print_session(page, gauges);
    print_budget(page, gauges);
    print_queue(page, gauges);
    print_spool(page, &gauges->spool);
    print_servers(page, gauges);
    print_local(page, gauges);
    print_process(page, &gauges->process);
    page_family(page, PAGE_GAUGE, "tbproxyd_build_info", "Always 1; the label is the version of tbproxyd.");
    page_sample(page, NULL);
    page_label(page, "version", PACKAGE_VERSION);
    page_number(page, 1);
}
