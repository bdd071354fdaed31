/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/state/sim.h"

#include <string.h>

#include "base/loop.h"
#include "sim/base/monotonic.h"
#include "sim/base/uuid.h"

void sim_init(struct sim *sim, const struct tb_api *api)
{
    pthread_condattr_t attr;

    memset(sim, 0, sizeof(*sim));
    pthread_mutex_init(&sim->lock, NULL);
    pthread_mutex_init(&sim->stop_lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sim->stop_cond, &attr);
    pthread_cond_init(&sim->calls.changed, &attr);
    pthread_condattr_destroy(&attr);

    sim->settings = (struct settings){
        .token_life = 9000,
        .refresh_life = 604800,
        .requests_per_connection = 100,
        .websocket_ping_ms = 10000,
    };
    sim->api = api;
    list_init(&sim->websockets.list);
    list_init(&sim->subscribers);
    list_init(&sim->calls.list);
    random_bytes(sim->signing_key, sizeof(sim->signing_key));
    store_init(&sim->store, sim_now_ms(sim));
}

void sim_free(struct sim *sim)
{
    store_free(&sim->store);
    value_history_clear(&sim->history);
    request_log_free(&sim->log);
    violations_clear(&sim->violations);
    violations_clear(&sim->answer_violations);
    faults_clear(&sim->faults);
    json_decref(sim->calls.attributes);
    pthread_cond_destroy(&sim->calls.changed);
    pthread_cond_destroy(&sim->stop_cond);
    pthread_mutex_destroy(&sim->stop_lock);
    pthread_mutex_destroy(&sim->lock);
}

int64_t sim_now_ms(const struct sim *sim)
{
    return clock_wall_ms() + sim->settings.clock_offset_ms;
}

void sim_sleep(struct sim *sim, int64_t ms)
{
    struct timespec until = monotonic_timespec(monotonic_ns() + ms * 1000000);

    if (ms <= 0)
        return;
    pthread_mutex_lock(&sim->stop_lock);
    while (!sim->stopping && pthread_cond_timedwait(&sim->stop_cond, &sim->stop_lock, &until) == 0)
        ;
    pthread_mutex_unlock(&sim->stop_lock);
}

void sim_hold(struct sim *sim)
{
    pthread_mutex_lock(&sim->stop_lock);
    uint64_t releases = sim->releases;
    sim->held++;
    while (!sim->stopping && sim->releases == releases)
        pthread_cond_wait(&sim->stop_cond, &sim->stop_lock);
    if (sim->releases == releases)
        sim->held--;
    pthread_mutex_unlock(&sim->stop_lock);
}

void sim_release(struct sim *sim)
{
    pthread_mutex_lock(&sim->stop_lock);
    sim->releases++;
    sim->held = 0;
    pthread_cond_broadcast(&sim->stop_cond);
    pthread_mutex_unlock(&sim->stop_lock);
}

uint64_t sim_held(struct sim *sim)
{
    pthread_mutex_lock(&sim->stop_lock);
    uint64_t held = sim->held;
    pthread_mutex_unlock(&sim->stop_lock);
    return held;
}

void sim_stop(struct sim *sim)
{
    pthread_mutex_lock(&sim->lock);
    sim->calls.stopping = true;
    pthread_cond_broadcast(&sim->calls.changed);
    pthread_mutex_unlock(&sim->lock);
    pthread_mutex_lock(&sim->stop_lock);
    sim->stopping = true;
    pthread_cond_broadcast(&sim->stop_cond);
    pthread_mutex_unlock(&sim->stop_lock);
}
