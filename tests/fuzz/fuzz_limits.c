/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits, of the configuration and of the server, and urgencies: what is accepted is in its bounds and
 * reads the same when it is written again. */
#include <errno.h>

#include "fuzz.h"
#include "proxy/route/urgency.h"
#include "upstream/limit_discovery.h"

static void check_limit(const struct rate_limit *limit)
{
    char text[RATE_LIMIT_TEXT_MAX];
    struct tb_error err = TB_ERROR_INIT;
    struct rate_limit again;
    size_t i;

    must(limit->count <= RATE_LIMIT_PAIRS_MAX);
    for (i = 0; i < limit->count; i++)
        must(limit->pairs[i].capacity >= 1 && limit->pairs[i].capacity <= RATE_LIMIT_CAPACITY_MAX &&
             limit->pairs[i].seconds >= 1 && limit->pairs[i].seconds <= RATE_LIMIT_SECONDS_MAX);
    rate_limit_format(limit, text);
    must(rate_limit_parse(text, &again, &err) == 0 && again.count == limit->count);
    must(memcmp(again.pairs, limit->pairs, limit->count * sizeof(*limit->pairs)) == 0);
}

static int read_text(const char *text, struct rate_limit *ret, struct tb_error *err)
{
    return rate_limit_parse(text, ret, err);
}

/* What the server reports of its limits; the user is one of a customer, whose limit counts as well. */
static int read_profile(const char *text, struct rate_limit *ret, struct tb_error *err)
{
    json_t *profile = json_loads(text, 0, NULL);
    json_t *user = json_pack("{s:s,s:{s:s}}", "authority", "CUSTOMER_USER", "customerId", "id",
                             "784f394c-42b6-435a-983c-b7beff2784f9");
    int r = limit_discovery_read(profile, user, ret, err);

    json_decref(profile);
    json_decref(user);
    return r;
}

static void check_parsed(int (*parse)(const char *text, struct rate_limit *ret, struct tb_error *err),
                         const char *text)
{
    struct tb_error err = TB_ERROR_INIT;
    struct rate_limit limit;

    if (parse(text, &limit, &err) == 0)
        check_limit(&limit);
    else
        must(*err.message);
    tb_error_clear(&err);
}

/* A word before those of the text changes nothing that they say. */
static void check_urgencies(const char *text, const char *later)
{
    struct urgencies urgencies = {0}, other = {0};
    struct tb_error err = TB_ERROR_INIT;
    size_t i;

    if (urgencies_parse(text, &urgencies, &err) < 0) {
        must(*err.message && urgencies_parse(later, &other, &err) == -EINVAL);
        tb_error_clear(&err);
        return;
    }
    must(urgencies_parse(later, &other, &err) == 0);
    for (i = 0; i < operation_count; i++) {
        must(urgencies.levels[i] < URGENCY_LEVELS);
        must(urgencies.levels[i] == other.levels[i] || urgencies.levels[i] == URGENCY_DEFAULT);
    }
    urgencies_free(&urgencies);
    urgencies_free(&other);
}

/* The input: one byte for the kind, then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text("", data + (size > 0), size - (size > 0));
    char *later = fuzz_text("saveAsset=7,", data + (size > 0), size - (size > 0));

    if (size > 0 && data[0] % 3 == 0)
        check_parsed(read_text, text);
    else if (size > 0 && data[0] % 3 == 1)
        check_parsed(read_profile, text);
    else
        check_urgencies(text, later);
    free(text);
    free(later);
    return 0;
}
