/* SPDX-License-Identifier: Apache-2.0 */
/* Key filter predicates: STRING, NUMERIC, BOOLEAN, COMPLEX. */
#include <string.h>

#include "sim/entity/entity_query.h"

enum {
    DEPTH_MAX = 32,
};

typedef int comparer(const char *a, const char *b, size_t n);

static int compare_case(const char *a, const char *b, size_t n)
{
    return strncmp(a, b, n);
}

static int compare_no_case(const char *a, const char *b, size_t n)
{
    return strncasecmp(a, b, n);
}

static bool equal(comparer *compare, const char *a, const char *b, size_t n)
{
    return strlen(a) == n && compare(a, b, n) == 0;
}

/* IN: one of the comma-separated texts. */
static bool is_in(comparer *compare, const char *value, const char *list)
{
    for (const char *s = list;;) {
        const char *end = strchrnul(s, ',');

        while (*s == ' ')
            s++;
        if (end >= s && equal(compare, value, s, (size_t)(end - s)))
            return true;
        if (!*end)
            return false;
        s = end + 1;
    }
}

static bool string_holds(const char *op, const char *value, const char *with, bool ignore_case)
{
    comparer *compare = ignore_case ? compare_no_case : compare_case;
    size_t n = strlen(with);
    bool contains = (ignore_case ? strcasestr(value, with) : strstr(value, with)) != NULL;

    if (streq(op, "EQUAL"))
        return equal(compare, value, with, n);
    if (streq(op, "NOT_EQUAL"))
        return !equal(compare, value, with, n);
    if (streq(op, "STARTS_WITH"))
        return compare(value, with, n) == 0;
    if (streq(op, "ENDS_WITH"))
        return strlen(value) >= n && compare(value + strlen(value) - n, with, n) == 0;
    if (streq(op, "CONTAINS"))
        return contains;
    if (streq(op, "NOT_CONTAINS"))
        return !contains;
    if (streq(op, "IN"))
        return is_in(compare, value, with);
    return streq(op, "NOT_IN") && !is_in(compare, value, with);
}

static bool numeric_holds(const char *op, double value, double with)
{
    if (streq(op, "EQUAL"))
        return value == with;
    if (streq(op, "NOT_EQUAL"))
        return value != with;
    if (streq(op, "GREATER"))
        return value > with;
    if (streq(op, "LESS"))
        return value < with;
    if (streq(op, "GREATER_OR_EQUAL"))
        return value >= with;
    return streq(op, "LESS_OR_EQUAL") && value <= with;
}

static bool complex_holds(const json_t *predicate, const json_t *value)
{
    const json_t *list = json_object_get(predicate, "predicates");
    bool or = streq(json_str(predicate, "operation"), "OR");

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (predicate_holds(json_array_get(list, i), value) == or)
            return or ;
    }
    return ! or ;
}

bool predicate_holds(const json_t *p, const json_t *value)
{
    const char *type = json_str(p, "type");
    const char *op = json_str(p, "operation");
    const json_t *with = json_object_get(json_object_get(p, "value"), "defaultValue");

    if (streq(type, "COMPLEX"))
        return complex_holds(p, value);
    /* a value of another type, or none, never matches: the server compares a column that is null */
    if (streq(type, "BOOLEAN") && json_is_boolean(value))
        return (json_is_true(value) == json_is_true(with)) == !streq(op, "NOT_EQUAL");
    if (streq(type, "NUMERIC") && json_is_number(value))
        return numeric_holds(op, json_number_value(value), json_number_value(with));
    if (streq(type, "STRING") && json_is_string(value))
        return string_holds(op, json_string_value(value), json_is_string(with) ? json_string_value(with) : "",
                            json_is_true(json_object_get(p, "ignoreCase")));
    return false;
}

bool predicate_is_valid(const json_t *p, unsigned depth, const char **ret_why)
{
    const char *type = json_str(p, "type");
    const json_t *list = json_object_get(p, "predicates");

    if (streq(type, "STRING") || streq(type, "NUMERIC") || streq(type, "BOOLEAN"))
        return true;
    if (!streq(type, "COMPLEX") || depth >= DEPTH_MAX) {
        *ret_why = type ? type : "missing";
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!predicate_is_valid(json_array_get(list, i), depth + 1, ret_why))
            return false;
    }
    return true;
}
