/* SPDX-License-Identifier: Apache-2.0 */
/* Random operations on the queue and on a simple model of it, which only has the items and searches them all.
 */
#include "base/util.h"
#include "proxy/forward/queue.h"
#include "unit.h"

#define NOW_MS  INT64_C(1000000)
#define ITEMS   40
#define FLOWS   5
#define KEYS    4 /* the first means none */
#define QUANTUM 2
#define STEPS   3000
#define ROUNDS  (size_t) unit_rounds(20)

enum position { OUTSIDE, WAITING, SENT };

static struct {
    enum position position;
    unsigned flow, key;
    uint64_t sequence;
} model[ITEMS];

static struct {
    unsigned turns[FLOWS]; /* flows with something to send; the first has the turn */
    size_t count;
    unsigned deficits[FLOWS];
    bool has_turn[FLOWS];
    bool held[KEYS];
    uint64_t sequence;
} order;

static struct queue queue;
static struct budget budget;
static struct queue_item items[ITEMS];

static unsigned draw(unsigned count)
{
    return unit_random() % count;
}

static void set_up(void)
{
    struct budget_options options = {.max_in_flight = 4};

    memset(&queue, 0, sizeof(queue));
    memset(items, 0, sizeof(items));
    memset(model, 0, sizeof(model));
    memset(&order, 0, sizeof(order));
    queue_init(&queue, ITEMS / 2, 1000);
    budget_init(&budget, &options, NOW_MS);
}

static bool goes_before(size_t a, size_t b)
{
    return items[a].urgency != items[b].urgency ? items[a].urgency < items[b].urgency
                                                : model[a].sequence < model[b].sequence;
}

/* The earliest that waits for KEY; FLOW: of that one only, or FLOWS. ITEMS: none. */
static size_t first_of_key(unsigned key, unsigned flow)
{
    size_t found = ITEMS, i;

    for (i = 0; i < ITEMS; i++)
        if (model[i].position == WAITING && model[i].key == key && (flow == FLOWS || model[i].flow == flow) &&
            (found == ITEMS || model[i].sequence < model[found].sequence))
            found = i;
    return found;
}

static bool has_place(size_t i)
{
    return model[i].position == WAITING &&
           (model[i].key == 0 ||
            (!order.held[model[i].key] && first_of_key(model[i].key, model[i].flow) == i));
}

/* The item whose turn it is in FLOW; ITEMS: none. */
static size_t first_of_flow(unsigned flow)
{
    size_t found = ITEMS, i;

    for (i = 0; i < ITEMS; i++)
        if (has_place(i) && model[i].flow == flow && (found == ITEMS || goes_before(i, found)))
            found = i;
    return found;
}

static bool is_in_turn(unsigned flow)
{
    size_t i;

    for (i = 0; i < order.count && order.turns[i] != flow; i++)
        ;
    return i < order.count;
}

static void leave_turn(size_t i)
{
    order.count--;
    memmove(&order.turns[i], &order.turns[i + 1], (order.count - i) * sizeof(order.turns[0]));
}

static void enter_turn(unsigned flow)
{
    order.turns[order.count++] = flow;
}

/* After each step: flows without items leave, and new ones are appended in the order of arrival. */
static void update_turns(void)
{
    size_t i;

    for (i = order.count; i-- > 0;)
        if (first_of_flow(order.turns[i]) == ITEMS)
            leave_turn(i);
    for (;;) {
        size_t next = ITEMS;

        for (i = 0; i < ITEMS; i++)
            if (has_place(i) && !is_in_turn(model[i].flow) &&
                (next == ITEMS || model[i].sequence < model[next].sequence))
                next = i;
        if (next == ITEMS)
            return;
        order.deficits[model[next].flow] = 0;
        order.has_turn[model[next].flow] = false;
        enter_turn(model[next].flow);
    }
}

static void end_turn(unsigned flow)
{
    ck_assert_uint_eq(order.turns[0], flow);
    order.has_turn[flow] = false;
    leave_turn(0);
    enter_turn(flow);
}

static bool is_used_up(unsigned flow)
{
    return order.has_turn[flow] && order.deficits[flow] < items[first_of_flow(flow)].cost;
}

/* Flows that have used up their turn go to the end, each once, and begin a new one. */
static unsigned take_turn(void)
{
    size_t i;

    for (i = 0; i < FLOWS && is_used_up(order.turns[0]); i++)
        end_turn(order.turns[0]);
    if (!order.has_turn[order.turns[0]])
        order.deficits[order.turns[0]] += QUANTUM;
    order.has_turn[order.turns[0]] = true;
    return order.turns[0];
}

static const char *key_text(unsigned key)
{
    static const char *const texts[KEYS] = {NULL, "x", "y", "a longer one"};

    return texts[key];
}

static void push(size_t i)
{
    const char *key = key_text(model[i].key = draw(KEYS));
    int r;

    model[i].flow = draw(FLOWS);
    items[i] = (struct queue_item){.principal_id = model[i].flow,
                                   .flow_id = model[i].flow,
                                   .cost = 1 + draw(2),
                                   .urgency = draw(3),
                                   .bytes = draw(200)};
    items[i].alone = draw(4) == 0;
    if (key)
        items[i].cost = 2; /* items that go together cost the same */
    r = queue_push(&queue, &items[i], key, key ? strlen(key) : 0);
    if (r < 0)
        return;
    model[i].sequence = ++order.sequence;
    model[i].position = WAITING;
    update_turns();
}

static void push_again(size_t i)
{
    items[i].group = model[i].key ? draw(2) : 0;
    ck_assert_int_eq(queue_push_again(&queue, &items[i]), 0);
    model[i].position = WAITING;
    update_turns();
}

static void forget(size_t i)
{
    queue_forget(&queue, &items[i]);
    model[i].position = OUTSIDE;
    update_turns();
}

/* The item of the same key that waits next before or after I; ITEMS: none. */
static size_t neighbour(size_t i, bool before)
{
    size_t found = ITEMS, k;

    for (k = 0; k < ITEMS; k++) {
        if (k == i || model[k].position != WAITING || model[k].key != model[i].key ||
            (model[k].sequence < model[i].sequence) != before)
            continue;
        if (found == ITEMS || (model[k].sequence > model[found].sequence) == before)
            found = k;
    }
    return found;
}

static bool go_together(size_t a, size_t b)
{
    return items[a].group == items[b].group && !items[a].alone && !items[b].alone;
}

/* The item that is sent in the turn of I. */
static size_t first_to_go(size_t i)
{
    size_t first = first_of_key(model[i].key, FLOWS), before;

    if (!items[first].alone)
        return first;
    for (before = neighbour(i, true); before < ITEMS && go_together(before, i); before = neighbour(i, true))
        i = before;
    return i;
}

static void take_along(size_t first)
{
    size_t last = first;

    for (;;) {
        size_t next = model[first].key ? neighbour(last, false) : ITEMS;
        size_t max_bytes = draw(400);
        struct queue_item *taken = queue_take_next(&queue, &items[first], max_bytes);

        if (next == ITEMS || !go_together(next, first) || items[next].bytes > max_bytes) {
            ck_assert_ptr_null(taken);
            return;
        }
        ck_assert_ptr_eq(taken, &items[next]);
        model[next].position = SENT;
        update_turns();
        last = next;
    }
}

static void pop(void)
{
    bool ready = queue_ready_ms(&queue, &budget, NOW_MS) == NOW_MS;
    struct queue_item *popped = queue_pop(&queue, &budget, NOW_MS);
    size_t mine, first, next;
    unsigned flow;

    ck_assert_int_eq(popped != NULL, ready);
    ck_assert_int_eq(popped != NULL, order.count > 0 && budget.reserved >= 0 && ready);
    if (!popped)
        return;
    queue_call_ended(&queue, popped->turn_of);
    flow = take_turn();
    mine = first_of_flow(flow);
    first = model[mine].key ? first_to_go(mine) : mine;
    ck_assert_ptr_eq(popped, &items[first]);
    order.deficits[flow] -= items[mine].cost;
    model[first].position = SENT;
    update_turns();
    next = first_of_flow(flow);
    if (next < ITEMS && items[next].cost > order.deficits[flow])
        end_turn(flow);
    budget_settle(&budget, NOW_MS, items[first].cost, BUDGET_UNCOUNTED);
    if (draw(2))
        take_along(first);
}

static void toggle_held(unsigned key)
{
    struct queue_key *found = queue_find_key(&queue, key_text(key), strlen(key_text(key)));

    if (!found)
        return;
    order.held[key] = !order.held[key];
    if (order.held[key])
        queue_key_use(&queue, found, &model, true);
    else
        queue_key_release(&queue, found, &model);
    update_turns();
}

static void check(void)
{
    size_t count = 0, bytes = 0, i;
    const struct list *link = &queue.turns;

    for (i = 0; i < ITEMS; i++) {
        ck_assert_int_eq(items[i].is_waiting, model[i].position == WAITING);
        count += model[i].position == WAITING;
        bytes += model[i].position == WAITING ? items[i].bytes : 0;
    }
    ck_assert_uint_eq(queue.count, count);
    ck_assert_uint_eq(queue.bytes, bytes);
    for (i = 0; i < order.count; i++) {
        link = link->next;
        ck_assert_ptr_ne(link, &queue.turns);
        ck_assert_uint_eq(CONTAINER_OF((struct list *)(uintptr_t)link, struct queue_principal, link)->id,
                          order.turns[i]);
    }
    ck_assert_ptr_eq(link->next, &queue.turns);
}

static void step(void)
{
    size_t i = draw(ITEMS);

    switch (draw(10)) {
    case 0:
        if (model[i].position != OUTSIDE)
            forget(i);
        break;
    case 1:
        toggle_held(1 + draw(KEYS - 1));
        break;
    case 2:
    case 3:
    case 4:
        pop();
        break;
    default:
        if (model[i].position == OUTSIDE)
            push(i);
        else if (model[i].position == SENT && draw(3) == 0)
            push_again(i);
        else if (model[i].position == SENT)
            forget(i);
    }
    check();
}

static void run(void)
{
    size_t i;

    set_up();
    for (i = 0; i < STEPS; i++)
        step();
    for (i = 1; i < KEYS; i++)
        if (order.held[i])
            toggle_held((unsigned)i);
    for (i = 0; i < ITEMS; i++)
        forget(i);
    check();
    for (i = 0; i < QUEUE_PRINCIPAL_SLOTS; i++)
        ck_assert_ptr_null(queue.principals[i]);
    for (i = 0; i < QUEUE_KEY_SLOTS; i++)
        ck_assert_ptr_null(queue.keys[i]);
    queue_free(&queue);
}

START_TEST(it_behaves_like_its_model)
{
    size_t i;

    for (i = 0; i < ROUNDS; i++)
        run();
}
END_TEST

UNIT_SUITE(queue_random)
{
    TCase *tests;
    Suite *suite = unit_suite_create("queue, random", &tests);

    tcase_add_test(tests, it_behaves_like_its_model);
    return suite;
}
