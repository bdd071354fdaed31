/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream_call_actor.h"

#include <stdio.h>

static void think(struct actor *actor)
{
    struct crowd *crowd = actor->crowd;

    loop_timer_start(&crowd->world->services.loop, &actor->timer,
                     unit_random() % (uint32_t)(crowd->think_max_ms + 1));
}

/* The answer has the last value of each writer. */
static void check_read(struct actor *actor, const struct local *local)
{
    const char *text = local->answer;
    int used = 0;
    size_t i;

    for (i = 0; i < SERVER_WRITERS; i++) {
        unsigned found = 0;

        WORLD_ASSERT(sscanf(text, "%u %n", &found, &used) == 1);
        text += used;
        actor->crowd->stale += found < actor->found_at_least[i];
    }
}

static void answered(struct local *local)
{
    struct actor *actor = local->wish.owner;
    struct crowd *crowd = actor->crowd;
    int64_t took_ms = local->answered_ms - local->begun_ms;

    crowd->by_status[local->status]++;
    actor->answers++;
    actor->longest_ms = took_ms > actor->longest_ms ? took_ms : actor->longest_ms;
    if (local->status == 200 && local->wish.kind == READ)
        check_read(actor, local);
    if (local->status == 200 && local->wish.kind == ATTRIBUTES)
        crowd->written[local->wish.entity][local->wish.writer] = local->serial;
    if (!crowd->leaving)
        think(actor);
}

static void ask(struct timer *timer)
{
    struct actor *actor = CONTAINER_OF(timer, struct actor, timer);
    struct crowd *crowd = actor->crowd;

    if (crowd->leaving)
        return;
    memcpy(actor->found_at_least, crowd->written[actor->wish.entity], sizeof(actor->found_at_least));
    actor->wish.bad = unit_random() % 1000 < crowd->bad_per_thousand;
    world_begin(crowd->world, &actor->wish);
}

void crowd_init(struct crowd *crowd, struct world *world, int64_t think_max_ms)
{
    memset(crowd, 0, sizeof(*crowd));
    crowd->world = world;
    crowd->think_max_ms = think_max_ms;
}

void crowd_add(struct crowd *crowd, enum kind kind, size_t count, int64_t user, unsigned entities)
{
    for (; count > 0; count--) {
        struct actor *actor = &crowd->actors[crowd->count];

        WORLD_ASSERT(crowd->count < ACTORS_MAX);
        actor->crowd = crowd;
        actor->timer.expired = ask;
        actor->wish = (struct wish){.kind = kind,
                                    .user = user ? user : WORLD_TCP((int64_t)crowd->count),
                                    .entity = (unsigned)(crowd->count % entities),
                                    .writer = (unsigned)(crowd->count % SERVER_WRITERS),
                                    .wait_ms = WORLD_NO_WISH,
                                    .answered = answered,
                                    .owner = actor};
        crowd->count++;
    }
}

void crowd_go_on_from(struct crowd *crowd, size_t first, int64_t ms)
{
    crowd->leaving = false;
    for (; first < crowd->count; first++) {
        if (!crowd->actors[first].runs)
            think(&crowd->actors[first]);
        crowd->actors[first].runs = true;
    }
    world_run(crowd->world, ms);
}

void crowd_go_on(struct crowd *crowd, int64_t ms)
{
    crowd_go_on_from(crowd, 0, ms);
}

void crowd_end(struct crowd *crowd)
{
    size_t i;

    crowd->leaving = true;
    for (i = 0; i < crowd->count; i++) {
        loop_timer_stop(&crowd->world->services.loop, &crowd->actors[i].timer);
        crowd->actors[i].runs = false;
    }
    world_run_all(crowd->world, 10 * MINUTE_MS);
    world_assert_idle(crowd->world);
}

void crowd_run(struct crowd *crowd, int64_t ms)
{
    crowd_go_on(crowd, ms);
    crowd_end(crowd);
}
