/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_source.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <tbclient/value.h>

#include "base/util.h"
#include "json/json_read.h"

/* What to replace a value by that is neither object nor array; SOURCE is at the same place. NULL: no memory.
 */
typedef json_t *change_leaf(json_t *value, const json_t *source);

static int walk(json_t *value, const json_t *source, change_leaf *change, json_t **ret);

static void free_json(json_t **value)
{
    json_decref(*value);
}

static int give(json_t *value, json_t **ret)
{
    if (!value)
        return -ENOMEM;
    *ret = value;
    return 0;
}

/* A copy of an object or array, or NULL. (jansson's own copy may be incomplete if there is no memory.) */
static json_t *copy_of(json_t *whole)
{
    json_t *copy = json_copy(whole);

    if (json_object_size(copy) == json_object_size(whole) && json_array_size(copy) == json_array_size(whole))
        return copy;
    json_decref(copy);
    return NULL;
}

/* The member called NAME of WHOLE, or its element at INDEX. *COPY becomes a copy of WHOLE if anything in it
 * changes. */
static int walk_item(json_t *whole, const char *name, size_t index, const json_t *source, change_leaf *change,
                     json_t **copy)
{
    json_t *item = name ? json_object_get(whole, name) : json_array_get(whole, index), *changed;
    int r =
        walk(item, name ? json_object_get(source, name) : json_array_get(source, index), change, &changed);

    if (r < 0)
        return r;
    if (changed == item) {
        json_decref(changed);
        return 0;
    }
    if (!*copy)
        *copy = copy_of(whole);
    r = name ? json_object_set_new_nocheck(*copy, name, changed) : json_array_set_new(*copy, index, changed);
    return r < 0 ? -ENOMEM : 0;
}

static int walk(json_t *value, const json_t *source, change_leaf *change, json_t **ret)
{
    CLEANUP(free_json) json_t *copy = NULL;
    const char *name;
    json_t *item;
    size_t i;
    int r = 0;

    if (!source)
        return give(json_incref(value), ret);
    if (!json_is_object(value) && !json_is_array(value))
        return give(change(value, source), ret);
    json_object_foreach(value, name, item)
    {
        r = walk_item(value, name, 0, source, change, &copy);
        if (r < 0)
            return r;
    }
    for (i = 0; r == 0 && i < json_array_size(value); i++)
        r = walk_item(value, NULL, i, source, change, &copy);
    return r < 0 ? r : give(copy ? TAKE_PTR(copy) : json_incref(value), ret);
}

/* The verbatim TEXT as jansson can hold it; if it cannot, verbatim again. */
static json_t *held(const char *text)
{
    return json_read(text, strlen(text), 0, NULL);
}

static json_t *show(json_t *value, const json_t *source)
{
    const char *text = tb_verbatim(json_string_value(source));

    return text ? held(text) : json_incref(value);
}

static json_t *restore(json_t *value, const json_t *source)
{
    const char *text = tb_verbatim(json_string_value(source));
    CLEANUP(free_json) json_t *shown = text ? held(text) : NULL;

    if (text && !shown)
        return NULL;
    return json_incref(json_equal(shown, value) ? (json_t *)(uintptr_t)source : value);
}

static bool has_verbatim(const json_t *value)
{
    const char *name;
    json_t *item;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)value, name, item)
    {
        if (has_verbatim(item))
            return true;
    }
    json_array_foreach(value, i, item)
    {
        if (has_verbatim(item))
            return true;
    }
    return tb_verbatim(json_string_value(value)) != NULL;
}

int json_source_show(json_t *source, json_t **ret)
{
    return has_verbatim(source) ? walk(source, source, show, ret) : give(json_incref(source), ret);
}

int json_source_restore(json_t *value, const json_t *source, json_t **ret)
{
    return value == source ? give(json_incref(value), ret) : walk(value, source, restore, ret);
}
