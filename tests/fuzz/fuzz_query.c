/* SPDX-License-Identifier: Apache-2.0 */
/* Queries that tbproxyd reads itself: what is read is text, and reads the same when it is written again; a
 * subscription, and the filters of a trace and of rows in the spool, keep their bounds. */
#include <limits.h>

#include "fuzz.h"
#include "http/query.h"
#include "http/target.h"
#include "proxy/exchange/trace.h"
#include "proxy/spool/spool_filter.h"
#include "proxy/subscribe/subscription_request.h"

#define OUT_MAX (1 << 20)

/* Writes the parameter with each byte encoded. */
static int take(void *arg, const char *name, char *value, const char **reason)
{
    struct buf *out = arg;
    const char *c;

    (void)reason;
    for (c = name; *c; c++)
        must((unsigned char)*c >= ' ' && *c != 0x7f &&
             buf_append_format(out, "%%%02x", (unsigned char)*c) == 0);
    buf_append_string(out, "=");
    for (c = value; *c; c++)
        must((unsigned char)*c >= ' ' && *c != 0x7f &&
             buf_append_format(out, "%%%02X", (unsigned char)*c) == 0);
    buf_append_string(out, "&");
    return 0;
}

static void check_query(const char *query)
{
    struct buf out = BUF_INIT(OUT_MAX), again = BUF_INIT(OUT_MAX);
    struct query_reader reader = {.take = take, .arg = &out};
    const char *reason = NULL;

    buf_append_string(&out, "");
    if (query_read(query, &reader, &reason) == 0) {
        reader.arg = &again;
        buf_append_string(&again, "");
        must(query_read(out.data, &reader, &reason) == 0 && strcmp(out.data, again.data) == 0);
    } else {
        must(reason && *reason);
    }
    buf_free(&out);
    buf_free(&again);
}

static void check_filter(const char *query)
{
    struct trace_filter filter;
    const char *reason = NULL;

    if (trace_filter_parse(query, &filter, &reason) < 0) {
        must(reason && *reason);
        return;
    }
    must(filter.status_min == 0 ? filter.status_max == INT_MAX
                                : filter.status_min >= 100 && filter.status_max <= 599 &&
                                      filter.status_max - filter.status_min <= 99);
    must(!filter.has_user || (filter.user >= PRINCIPAL_UNKNOWN && filter.user <= 9999999999));
}

static void check_rows(const char *query)
{
    struct spool_filter filter;
    const char *reason = NULL;

    if (spool_filter_parse(query, &filter, &reason) < 0) {
        must(reason && *reason);
        return;
    }
    must(filter.number >= 0 && filter.number <= SPOOL_NUMBER_MAX && filter.after_id >= 0);
    must(filter.state >= -1 && filter.state <= SPOOL_ASIDE);
    must(filter.rows >= 1 && filter.rows <= SPOOL_FILTER_ROWS);
}

static unsigned key_count(const char *keys)
{
    unsigned count = *keys ? 1 : 0;

    for (; *keys; keys++)
        count += *keys == ',';
    return count;
}

static void check_request(const struct target *target)
{
    const char *slash = strchr(target->text.data + strlen("/-/subscribe/"), '/'), *reason = NULL;
    struct subscription_request request;

    if (!slash || slash > target->text.data + target->path_length)
        return;
    if (subscription_request_parse(target->text.data, target->path_length, NULL, &request, &reason) == 0)
        must(strlen(request.entity_id) == ENTITY_ID_CHARS && !strpbrk(request.entity_id, "ABCDEF/") &&
             key_count(request.target.keys) <= SUBSCRIPTION_KEYS_MAX && request.since_ms == -1);
    else
        must(reason && *reason);
    subscription_request_free(&request);
}

/* The input: a query, or what follows /-/subscribe/. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *query = fuzz_text("", data, size), *raw = fuzz_text("/-/subscribe/", data, size);
    struct target target;
    const char *reason;

    check_query(query);
    check_filter(query);
    check_rows(query);
    if (target_parse(raw, &target, &reason) == 0)
        check_request(&target);
    target_free(&target);
    free(query);
    free(raw);
    return 0;
}
