/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that the generated structures are made of. All memory of zeros is a valid structure in which
 * nothing is set; text is UTF-8, ended by a NUL.
 *
 * Absent, null and present are three things in JSON. A member that is present holds its value. One that is
 * absent or null is NULL (strings, objects, lists, maps, free JSON) or not set (numbers, booleans); which of
 * the two it was is kept in the structure's tb_object, and sent back so. To send a null of your own:
 *
 *     tb_member label = {.name = "label", .value = json_null()};
 *     tb_device device = {.object.kept = &label, .name = "boiler"};
 *
 * Enumerations are open: a typedef of const char *, with a macro for each value known to this version of the
 * API. A value from a newer server is just another string. Compare them with tb_is().
 *
 * Numbers keep their text: what was decoded and not changed is encoded with the same characters, 1.10 and 1e5
 * too, in members, in free JSON and in what a tb_object keeps. (Where no structure is around them, as in the
 * json_t of tb_call() and in an answer that is a list of numbers, they keep their value, and are written in
 * the usual way.) A double beyond its range is infinite, and goes back as it came.
 *
 * What jansson or C cannot hold stands there verbatim: a string that begins with TB_VERBATIM, followed by the
 * JSON that the server wrote. Encoding turns it back.
 *
 * In a json_t these are numbers that would change: integers beyond 64 bits, -0, what is beyond the range of a
 * double or has more digits than one. TB_VERBATIM "89010303310033979663"
 *
 * Everywhere they are texts with half of a surrogate pair, which is no UTF-8, and texts that themselves begin
 * with TB_VERBATIM; and texts with a NUL, but for strings in a json_t, which can hold one.
 * TB_VERBATIM "\"\\ud83d\""
 *
 * Programs may make such strings too, as json_string(TB_VERBATIM "89010303310033979663"). What begins with
 * TB_VERBATIM and is not followed by one number or one string of JSON is not encoded.
 */
#ifndef TBCLIENT_VALUE_H
#define TBCLIENT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include <tbclient/visibility.h>

#ifdef __cplusplus
extern "C++" {
/* Items of any type, for TB_EMPTY. */
struct tb_no_items {
    template <typename T> operator T *() const
    {
        return reinterpret_cast<T *>(const_cast<char *>(""));
    }
};
}
extern "C" {
#endif

typedef struct {
    bool set;
    bool value;
} tb_bool;

typedef struct {
    bool set;
    int32_t value;
} tb_int32;

typedef struct {
    bool set;
    int64_t value;
} tb_int64;

typedef struct {
    bool set;
    double value;
} tb_double;

/* tb_device device = {.version = TB_SET(3)}; the same for all four. */
#define TB_SET(number)                                                                                       \
    {                                                                                                        \
        true, (number)                                                                                       \
    }

/* U+FDD0, which Unicode gives to programs for uses of their own: what begins with it is JSON, see above. */
#define TB_VERBATIM "\xef\xb7\x90"

/* A member of a JSON object for which its structure has no place: unknown to this version of the API, or an
 * explicit null. NAME and VALUE are borrowed; where a list is sent, a member whose name the structure itself
 * has set is left out. */
typedef struct tb_member {
    const struct tb_member *next;
    const char *name;
    json_t *value;
} tb_member;

/* The first member of every generated structure. Borrowed, as all that a decoded structure points to; zeros
 * in one of the program's own, and in a copy that outlives what was decoded. */
typedef struct {
    const tb_member *kept;
    const json_t *source; /* what the structure was decoded from: the text of its numbers */
} tb_object;

/* A part of a multipart request. Set DATA and LENGTH, or FILE, a path that is read while it is sent. */
typedef struct {
    const void *data;
    size_t length;
    const char *file;
    const char *name;         /* file name told to the server; NULL: the last part of FILE, or "file" */
    const char *content_type; /* NULL: application/octet-stream */
} tb_part;

/* Lists and maps have the same shape for every type of element: tb_string_list, tb_device_list, ... A list or
 * map that is present and empty has ITEMS set and COUNT 0: tb_device device = {.labels = TB_EMPTY}. */
#ifdef __cplusplus
#define TB_EMPTY                                                                                             \
    {                                                                                                        \
        0, tb_no_items()                                                                                     \
    }
#else
#define TB_EMPTY                                                                                             \
    {                                                                                                        \
        0, (void *)""                                                                                        \
    }
#endif

typedef struct {
    size_t count;
    const char **items;
} tb_string_list;

typedef struct {
    size_t count;
    tb_bool *items;
} tb_bool_list;

typedef struct {
    size_t count;
    tb_int32 *items;
} tb_int32_list;

typedef struct {
    size_t count;
    tb_int64 *items;
} tb_int64_list;

typedef struct {
    size_t count;
    tb_double *items;
} tb_double_list;

typedef struct {
    size_t count;
    json_t **items;
} tb_json_list;

/* An answer that is taken as it comes: downloads into memory, texts, strings declared as JSON. */
typedef struct {
    size_t length;
    const char *data;         /* followed by a NUL that does not count */
    const char *content_type; /* as the server says; "" where it says nothing */
} tb_bytes;

/* Frees the result of a call, however deep: exactly the pointer that the call has set. NULL is allowed. (A
 * json_t * that a call has set is freed with json_decref().) */
TB_PUBLIC void tb_free(void *result);

/* A member of OBJECT that this version of the API does not know, or an explicit null; NULL where there is
 * none called NAME. Borrowed. */
TB_PUBLIC json_t *tb_kept(const tb_object *object, const char *name);

/* The JSON that stands behind TB_VERBATIM: a number, or a string with its quotes. NULL where TEXT does not
 * begin with it, or is NULL. */
static inline const char *tb_verbatim(const char *text)
{
    return text && strncmp(text, TB_VERBATIM, sizeof(TB_VERBATIM) - 1) == 0 ? text + sizeof(TB_VERBATIM) - 1
                                                                            : NULL;
}

/* Whether the string or enumeration VALUE is present and equal to NAME. */
static inline bool tb_is(const char *value, const char *name)
{
    return value && strcmp(value, name) == 0;
}

#ifdef __cplusplus
}
#endif

#endif
