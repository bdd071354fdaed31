/* SPDX-License-Identifier: Apache-2.0 */
/* Random bodies made of known pieces: a merged body has exactly the pieces that it must have, and the effect
 * that the bodies have one after the other. */
#include <jansson.h>

#include "proxy/forward/merge_body.h"
#include "unit.h"

#define PARTS_MAX  3
#define PIECES_MAX (PARTS_MAX * 6)

/* Keys, with the ways to write each. */
static const char *const spellings[][3] = {
    {"\"a\"", "\"\\u0061\"", "\"\\u0061\""},
    {"\"b\"", "\"b\"", "\"\\u0062\""},
    {"\"c}\"", "\"c\\u007d\"", "\"\\u0063}\""},
    {"\"\"", "\"\"", "\"\""},
    {"\"ts\"", "\"t\\u0073\"", "\"\\u0074s\""},
    {"\"\xc3\xa9\"", "\"\\u00e9\"", "\"\\u00E9\""},
    {"\"x\\\"\\\\\"", "\"x\\u0022\\u005c\"", "\"\\u0078\\\"\\u005C\""},
};

struct piece {
    unsigned key; /* in spellings */
    struct buf text;
};

static void put(struct buf *out, const char *text)
{
    ck_assert_int_eq(buf_append_string(out, text), 0);
}

static void put_blanks(struct buf *out)
{
    static const char *const blanks[] = {"", "", "", " ", "\t", "\r\n", "  "};

    put(out, blanks[unit_random() % ARRAY_SIZE(blanks)]);
}

static void put_value(struct buf *out, int depth);

static void put_member(struct buf *out, unsigned key, int depth)
{
    put(out, spellings[key][unit_random() % 3]);
    put_blanks(out);
    put(out, ":");
    put_blanks(out);
    put_value(out, depth);
}

/* COUNT members, or elements, in brackets. */
static void put_nested(struct buf *out, bool is_object, unsigned count, int depth)
{
    unsigned i;

    put(out, is_object ? "{" : "[");
    put_blanks(out);
    for (i = 0; i < count; i++) {
        if (i > 0)
            put(out, ",");
        put_blanks(out);
        if (is_object)
            put_member(out, i, depth); /* each key once */
        else
            put_value(out, depth);
        put_blanks(out);
    }
    put(out, is_object ? "}" : "]");
}

static void put_value(struct buf *out, int depth)
{
    static const char *const scalars[] = {
        "0",
        "1.10",
        "-0.0",
        "1E5",
        "0.1e-7",
        "9007199254740993",
        "1.23456789012345678901234567890",
        "true",
        "false",
        "\"\"",
        "\"}\"",
        "\"\\\"\"",
        "\"\\\\\"",
        "\"[{\\\",\"",
        "\"\xe2\x82\xac\\/\"",
        "\"\\ud83d\\ude00\"",
    };

    if (depth > 0 && unit_random() % 2)
        put_nested(out, unit_random() % 2, unit_random() % 4, depth - 1);
    else
        put(out, scalars[unit_random() % ARRAY_SIZE(scalars)]);
}

static void make_piece(enum merge_kind kind, struct piece *piece)
{
    piece->text = (struct buf)BUF_INIT(100000);
    piece->key = unit_random() % ARRAY_SIZE(spellings);
    if (kind == MERGE_ATTRIBUTES) {
        put_member(&piece->text, piece->key, 3);
        return;
    }
    put(&piece->text,
        unit_random() % 2 ? "{ \"ts\" : 17 ,\"values\": " : "{\"ts\":1700000000000,\"values\":");
    put_nested(&piece->text, true, 1 + unit_random() % 3, 3);
    put(&piece->text, unit_random() % 2 ? " }" : "}");
}

/* A body of COUNT pieces. */
static void put_body(enum merge_kind kind, struct buf *out, const struct piece *pieces, unsigned count)
{
    bool bare = kind == MERGE_TELEMETRY && count == 1 && unit_random() % 2;
    unsigned i;

    put_blanks(out);
    put(out, bare ? "" : kind == MERGE_TELEMETRY ? "[" : "{");
    for (i = 0; i < count; i++) {
        put(out, i > 0 ? "," : "");
        put_blanks(out);
        buf_append(out, pieces[i].text.data, pieces[i].text.len);
        put_blanks(out);
    }
    put(out, bare ? "" : kind == MERGE_TELEMETRY ? "]" : "}");
    put_blanks(out);
}

/* All pieces; of attributes, only those whose key does not come again. */
static void put_expected(enum merge_kind kind, struct buf *out, const struct piece *pieces, unsigned count)
{
    const char *separator = kind == MERGE_TELEMETRY ? "[" : "{";
    unsigned i, later;

    for (i = 0; i < count; i++) {
        for (later = i + 1; later < count && pieces[later].key != pieces[i].key; later++)
            ;
        if (kind == MERGE_ATTRIBUTES && later < count)
            continue;
        put(out, separator);
        buf_append(out, pieces[i].text.data, pieces[i].text.len);
        separator = ",";
    }
    put(out, kind == MERGE_TELEMETRY ? "]" : "}");
}

/* What the server stores of the bodies, one after the other. */
static json_t *sequence(enum merge_kind kind, const struct buf *parts, size_t count)
{
    json_t *result = kind == MERGE_TELEMETRY ? json_array() : json_object();
    size_t i;

    for (i = 0; i < count; i++) {
        json_t *body = json_loadb(parts[i].data, parts[i].len, JSON_DECODE_INT_AS_REAL, NULL);

        ck_assert_ptr_nonnull(body);
        if (kind == MERGE_ATTRIBUTES)
            json_object_update(result, body);
        else if (json_is_array(body))
            json_array_extend(result, body);
        else
            json_array_append(result, body);
        json_decref(body);
    }
    return result;
}

static void assert_merged(enum merge_kind kind, const struct buf *parts, size_t count,
                          const struct buf *expected)
{
    const struct buf *bodies[PARTS_MAX];
    struct buf out = BUF_INIT(1 << 20);
    size_t i;

    for (i = 0; i < count; i++)
        bodies[i] = &parts[i];
    ck_assert_int_eq(merge_bodies(kind, bodies, count, &out), 0);
    ck_assert_uint_eq(out.len, expected->len);
    ck_assert_str_eq(out.data, expected->data);
    ck_assert_int_eq(merge_check(kind, out.data, out.len), 0);
    buf_free(&out);
}

static void merge_random(enum merge_kind kind)
{
    struct piece pieces[PIECES_MAX];
    struct buf parts[PARTS_MAX], expected = BUF_INIT(1 << 20);
    unsigned part_count = 1 + unit_random() % PARTS_MAX, count = 0, i;
    json_t *wanted, *parsed;

    for (i = 0; i < part_count; i++) {
        unsigned first = count, own = 1 + unit_random() % 6;

        for (; count < first + own; count++)
            make_piece(kind, &pieces[count]);
        parts[i] = (struct buf)BUF_INIT(1 << 20);
        put_body(kind, &parts[i], &pieces[first], own);
        ck_assert_int_eq(merge_check(kind, parts[i].data, parts[i].len), 0);
    }
    put_expected(kind, &expected, pieces, count);
    assert_merged(kind, parts, part_count, &expected);
    wanted = sequence(kind, parts, part_count);
    parsed = json_loadb(expected.data, expected.len, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
    ck_assert(json_equal(parsed, wanted));
    json_decref(wanted);
    json_decref(parsed);
    for (i = 0; i < part_count; i++)
        buf_free(&parts[i]);
    while (count > 0)
        buf_free(&pieces[--count].text);
    buf_free(&expected);
}

START_TEST(random_bodies)
{
    int i;

    for (i = 0; i < unit_rounds(2000); i++) {
        merge_random(MERGE_TELEMETRY);
        merge_random(MERGE_ATTRIBUTES);
    }
}
END_TEST

UNIT_SUITE(merge_random)
{
    TCase *tests;
    Suite *suite = unit_suite_create("merge_random", &tests);

    tcase_add_test(tests, random_bodies);
    return suite;
}
