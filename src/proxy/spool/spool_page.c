/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_page.h"

#include <errno.h>

#include "base/log.h"
#include "proxy/exchange/reply.h"
#include "proxy/spool/spool.h"
#include "proxy/spool/spool_ask.h"
#include "proxy/spool/spool_look.h"
#include "proxy/spool/spool_question.h"
#include "proxy/spool/spool_report.h"
#include "proxy/spool/spool_row_json.h"
#include "json/json_write.h"

/* What an exchange asks the writer. It may outlive the exchange. */
struct page {
    struct spool_ask ask;
    struct spool *spool;
    struct exchange *exchange;  /* NULL: nobody waits for the answer any more */
    bool is_done, is_abandoned; /* the work is; the exchange is no more */
    struct spool_question question;
};

static void page_free(struct page *page)
{
    spool_rows_free(&page->question.rows);
    free(page);
}

static bool is_admin(const struct exchange *exchange)
{
    return exchange->peer->kind == LISTENER_ADMIN;
}

/* ---- answers ---- */

static void reply_object(struct exchange *exchange, json_t *json)
{
    reply_json(exchange, 200, json_write_text(json, JSON_COMPACT));
    json_decref(json);
}

static void reply_no_write(struct exchange *exchange)
{
    reply_error(exchange, 404, PROXY_STATUS_DENIED,
                "the spool has no such write; what became of one is known for a day, of the last %d",
                SPOOL_ENDED_MAX);
}

/* Whether EXCHANGE may know of ROW. */
static bool may_see(const struct exchange *exchange, const struct spool_row *row)
{
    char name[PRINCIPAL_NAME_MAX];

    principal_name(peer_user(exchange->peer), name, sizeof(name));
    return is_admin(exchange) || peer_user(exchange->peer) == 0 ||
           (row->principal && strcmp(row->principal, name) == 0);
}

/* Of a write in parts: what is still to be done counts most. */
static enum spool_state state_of(const struct list *rows)
{
    static const enum spool_state order[] = {SPOOL_WAITING, SPOOL_ASIDE, SPOOL_DROPPED};
    const struct spool_row *row;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(order); i++)
        list_for_each(row, rows, link)
            if (row->state == order[i])
                return order[i];
    return SPOOL_DELIVERED;
}

static json_t *parts_of(const struct spool_question *question, bool is_whole)
{
    const struct spool_row *row;
    json_t *list = json_array();

    list_for_each(row, &question->rows, link)
        if (json_array_size(list) < SPOOL_QUESTION_PARTS)
            json_list_add(&list, is_whole ? spool_row_json(row, true) : spool_row_outcome(row));
    return list;
}

static void reply_write(struct exchange *exchange, const struct spool_question *question)
{
    const struct spool_row *first = CONTAINER_OF(question->rows.next, struct spool_row, link);

    if (list_is_empty(&question->rows) || !may_see(exchange, first)) {
        reply_no_write(exchange);
        return;
    }
    reply_object(exchange, json_pack("{s:I,s:s,s:o,s:b}", "number", (json_int_t)question->filter.number,
                                     "state", spool_state_name(state_of(&question->rows)), "parts",
                                     parts_of(question, is_admin(exchange)), "more",
                                     (int)(list_count(&question->rows) > SPOOL_QUESTION_PARTS)));
}

/* NAME: of the list, or of the number of rows. */
static void reply_page(struct exchange *exchange, const struct spool_question *question, const char *name,
                       json_t *value)
{
    json_t *next = question->next_id ? json_integer(question->next_id) : json_null();

    reply_object(exchange, json_pack("{s:o,s:o}", name, value, "next", next));
}

static void reply_rows(struct exchange *exchange, const struct spool_question *question)
{
    const struct spool_row *row;
    json_t *list = json_array();

    list_for_each(row, &question->rows, link)
        json_list_add(&list, spool_row_json(row, question->filter.with_bodies));
    reply_page(exchange, question, "rows", list);
}

static void reply_answer(struct exchange *exchange, const struct spool_question *question)
{
    if (question->kind == ROUTE_SPOOL_WRITE)
        reply_write(exchange, question);
    else if (question->kind == ROUTE_SPOOL_LIST)
        reply_rows(exchange, question);
    else
        reply_page(exchange, question, question->kind == ROUTE_SPOOL_DROP ? "dropped" : "retried",
                   json_integer((json_int_t)list_count(&question->rows)));
}

static void reply_no_file(struct exchange *exchange, const struct spool *spool, int result)
{
    reply_error(exchange, 503, PROXY_STATUS_INTERNAL, "the spool cannot be used: %s",
                spool->error.code ? spool->error.message : strerror(-result));
}

static void take_retried(struct spool *spool, const struct list *rows)
{
    const struct spool_row *row;

    list_for_each(row, rows, link)
        spool_look_found(spool, row);
}

/* What was changed counts, whether or not somebody waits for the answer. */
static void take_changes(struct spool *spool, const struct spool_question *question)
{
    bool is_drop = question->kind == ROUTE_SPOOL_DROP;
    size_t count = list_count(&question->rows);

    if (count == 0 || (!is_drop && question->kind != ROUTE_SPOOL_RETRY))
        return;
    log_info("spool: %zu row%s %s: %s asked for it", count, count == 1 ? "" : "s",
             is_drop ? "dropped" : "to be tried again", question->who);
    if (is_drop)
        spool_count(spool->services, METRICS_SPOOL_DROPPED, count);
    else
        take_retried(spool, &question->rows);
}

static int page_run(struct spool_work *work, struct spool_file *file)
{
    return spool_question_ask(&CONTAINER_OF(work, struct page, ask.work)->question, file);
}

static void page_done(struct spool_work *work, int result)
{
    struct page *page = CONTAINER_OF(work, struct page, ask.work);

    page->is_done = true;
    spool_ask_ended(page->spool, &page->ask);
    if (result == 0)
        take_changes(page->spool, &page->question);
    if (page->is_abandoned)
        page_free(page);
    else if (page->exchange && result < 0)
        reply_no_file(page->exchange, page->spool, result);
    else if (page->exchange)
        reply_answer(page->exchange, &page->question);
}

/* ---- the handler ---- */

static void ask(struct exchange *exchange, const struct spool_filter *filter)
{
    struct spool *spool = exchange->services->spool;
    struct page *page = calloc(1, sizeof(*page));

    if (!page) {
        reply_no_memory(exchange);
        return;
    }
    page->ask.work = (struct spool_work){.run = page_run, .done = page_done};
    page->ask.user = peer_user(exchange->peer);
    page->spool = spool;
    page->exchange = exchange;
    page->question.kind = exchange->head.route.kind;
    page->question.filter = *filter;
    page->question.at_ms = clock_wall_ms();
    principal_name(peer_user(exchange->peer), page->question.who, sizeof(page->question.who));
    list_init(&page->question.rows);
    exchange->state = page;
    spool_ask(spool, &page->ask);
}

static void begin_write(struct exchange *exchange)
{
    const struct target *target = &exchange->head.target;
    size_t before = strlen("/-/spool/"), length = target->path_length - before;
    struct spool_filter filter = {.with_bodies = is_admin(exchange)};

    length -= target->text.data[target->path_length - 1] == '/';
    filter.number = spool_filter_number(target->text.data + before, length);
    if (filter.number)
        ask(exchange, &filter);
    else
        reply_no_write(exchange);
}

static void begin_page(struct exchange *exchange)
{
    const struct target *target = &exchange->head.target;
    const char *query = target->text.data + target->path_length, *reason;
    enum route_kind kind = exchange->head.route.kind;
    struct spool_filter filter;
    int r = spool_filter_parse(*query == '?' ? query + 1 : query, &filter, &reason);

    if (r == -ENOMEM) {
        reply_no_memory(exchange);
    } else if (r < 0) {
        reply_refused(exchange, 400, reason);
    } else if (kind != ROUTE_SPOOL_LIST && !spool_filter_selects(&filter)) {
        reply_refused(exchange, 400,
                      "say which rows: number=NUMBER, or state=aside for all that are set aside");
    } else {
        if (kind == ROUTE_SPOOL_RETRY)
            filter.state = SPOOL_ASIDE;
        filter.with_bodies &= kind == ROUTE_SPOOL_LIST;
        ask(exchange, &filter);
    }
}

static void spool_page_begin(struct exchange *exchange)
{
    const struct spool *spool = exchange->services->spool;

    if (exchange->services->draining)
        reply_stopping(exchange);
    else if (!spool)
        reply_error(exchange, 404, PROXY_STATUS_DENIED, "the spool is off; spool.mode switches it on");
    else if (!spool->is_open)
        reply_no_file(exchange, spool, -EIO);
    else if (exchange->head.route.kind == ROUTE_SPOOL_WRITE)
        begin_write(exchange);
    else
        begin_page(exchange);
}

static void spool_page_leave(struct exchange *exchange)
{
    struct page *page = exchange->state;

    if (page)
        page->exchange = NULL;
}

static void spool_page_free(struct exchange *exchange)
{
    struct page *page;

    spool_page_leave(exchange);
    page = TAKE_PTR(exchange->state);
    if (page && (page->is_done || spool_ask_withdraw(&page->ask)))
        page_free(page);
    else if (page)
        page->is_abandoned = true;
}

const struct handler spool_page_handler = {
    .name = "spool",
    .begin = spool_page_begin,
    .leave = spool_page_leave,
    .free = spool_page_free,
};
