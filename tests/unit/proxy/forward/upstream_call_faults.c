/* SPDX-License-Identifier: Apache-2.0 */
/* Random requests, faults, hang-ups and changes of the limit and the configuration: nothing is lost, nothing
 * is doubled, nothing is left behind. */
#include "base/util.h"
#include "upstream_call_world.h"

#define ROUNDS   (unsigned)unit_rounds(40)
#define STEPS    400
#define REQUESTS 4000

static struct world world;

/* By serial. */
static struct record {
    enum kind kind;
    unsigned entity, writer;
    bool refused_body; /* bad, or not JSON */
    bool closed;
    unsigned answers;
    int status;
} records[REQUESTS];

static unsigned draw(unsigned count)
{
    return unit_random() % count;
}

static void note(struct local *local)
{
    records[local->serial].answers++;
    records[local->serial].status = local->status;
}

static void begin(void)
{
    static const char *const headers[] = {NULL, NULL, NULL, NULL, NULL, "X-Mobile-Token", "User-Agent"};
    struct wish wish = {
        .kind = (enum kind)draw(KINDS),
        .user = draw(3) ? 1000 + (int64_t)draw(3) : WORLD_TCP((int64_t)draw(5)),
        .entity = draw(3),
        .writer = draw(SERVER_WRITERS),
        .urgency = draw(8),
        .wait_ms = draw(4) ? WORLD_NO_WISH : (int64_t)draw(3000),
        .header = headers[draw(ARRAY_SIZE(headers))],
        .answered = note,
    };
    struct record *record = &records[world.serial + 1];
    struct local *local;

    wish.bad = (wish.kind == TELEMETRY || wish.kind == ATTRIBUTES) && draw(20) == 0;
    wish.broken = (wish.kind == TELEMETRY || wish.kind == ATTRIBUTES) && draw(40) == 0;
    *record = (struct record){.kind = wish.kind,
                              .entity = wish.entity,
                              .writer = wish.writer,
                              .refused_body = wish.bad || wish.broken};
    local = world_begin(&world, &wish);
    if (draw(4) == 0)
        local->retire_after_ms = 1 + draw(100);
    if (draw(30) == 0) /* it sends no more */
        loop_timer_start(&world.services.loop, &local->exchange.hang_up_timer, 2000);
}

/* Any request without a response; NULL: none. */
static struct local *any(void)
{
    const struct list *exchanges = &world.services.exchanges;
    unsigned skip = draw(world.open + 1);
    struct list *link;

    for (link = exchanges->next; link != exchanges; link = link->next) {
        struct exchange *exchange = CONTAINER_OF(link, struct exchange, link);

        if (!exchange_has_response(exchange) && skip-- == 0)
            return CONTAINER_OF(exchange, struct local, exchange);
    }
    return NULL;
}

static void leave(void)
{
    struct local *local = any();

    if (local && draw(2)) {
        world_hang_up(local);
    } else if (local) {
        records[local->serial].closed = true;
        world_cut(local);
    }
}

static void change(void)
{
    static const char *const limits[] = {"", "2:1", "20:1", "100:1", "30:1,200:10"};

    switch (draw(5)) {
    case 0:
        server_limit(&world.server, limits[draw(ARRAY_SIZE(limits))]);
        break;
    case 1:
        world_budget(&world, limits[draw(ARRAY_SIZE(limits))], draw(2), 1 + draw(20));
        break;
    case 2:
        world.config.merge.mode = draw(3);
        break;
    case 3:
        world.server.session_ms = world_now(&world) + draw(2000);
        break;
    default:
        world.forward.queue.max_count = draw(4) ? 10000 : draw(20);
    }
}

static void set_up(void)
{
    struct server_faults *faults = &world.server.faults;

    world_open(&world);
    world.late_delivery = draw(2);
    world.server.travel_min_ms = draw(2);
    world.server.bad_status = draw(2) ? 400 : 500;
    world.server.retry_after_ms = draw(4) ? -1 : (int64_t)draw(40) * 1000;
    world.services.own_request_options.retry.max_retries = draw(5);
    world.services.own_request_options.retry.off = draw(5) == 0;
    world.config.merge.max_bytes = draw(2) ? 1048576 : 1024;
    world.config.join.reads = draw(4);
    if (draw(4))
        *faults =
            (struct server_faults){draw(50), draw(50), draw(20), draw(50), draw(50), draw(100), draw(20)};
    change();
    change();
}

/* Of two values for one attribute in the same call, only the last is sent. */
static bool is_overwritten(unsigned serial)
{
    const struct record *record = &records[serial];
    unsigned later;

    for (later = serial + 1; later <= world.serial; later++)
        if (records[later].kind == ATTRIBUTES && world.server.writes[later].points == 1 &&
            records[later].entity == record->entity && records[later].writer == record->writer)
            return record->kind == ATTRIBUTES;
    return false;
}

static void check_write(unsigned serial)
{
    const struct record *record = &records[serial];
    unsigned points = world.server.writes[serial].points;

    WORLD_ASSERT(points <= 1);
    WORLD_ASSERT(record->status != 200 || points == 1 || is_overwritten(serial));
    WORLD_ASSERT(!record->refused_body || (points == 0 && record->status != 200));
    WORLD_ASSERT(record->status != 400 || record->refused_body);
}

static void check(unsigned serial)
{
    const struct record *record = &records[serial];

    WORLD_ASSERT(record->answers == (record->closed ? 0 : 1));
    if (record->kind == TELEMETRY || record->kind == ATTRIBUTES)
        check_write(serial);
    if (record->kind == RPC) {
        WORLD_ASSERT(world.server.writes[serial].executions <= 1);
        WORLD_ASSERT(record->status != 200 || world.server.writes[serial].executions == 1);
    }
}

static void run(void)
{
    unsigned i;

    set_up();
    for (i = 0; i < STEPS && world.serial < REQUESTS - 10; i++) {
        unsigned burst = draw(4) ? draw(3) : draw(40);

        while (burst-- > 0 && world.serial < REQUESTS - 2)
            begin();
        if (draw(3) == 0)
            leave();
        if (draw(20) == 0)
            change();
        world_run(&world, draw(10) ? draw(20) : draw(1000));
    }
    world_run_all(&world, 60 * MINUTE_MS);
    world_run(&world, MINUTE_MS); /* the server executes calls that were given up, too */
    world_assert_idle(&world);
    for (i = 1; i <= world.serial; i++)
        check(i);
    world_close(&world);
}

START_TEST(nothing_is_lost_and_nothing_doubled)
{
    unsigned round;

    for (round = 0; round < ROUNDS; round++)
        run();
}
END_TEST

UNIT_SUITE(upstream_call_faults)
{
    TCase *tests;
    Suite *suite = unit_suite_create("call, faults", &tests);

    tcase_add_test(tests, nothing_is_lost_and_nothing_doubled);
    return suite;
}
