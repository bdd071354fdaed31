/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values in the generated structures. A structure of zeros is valid and has nothing set. Text is UTF-8,
 * ended by a NUL.
 *
 * A member of JSON can be absent, null or present. A member that is present has its value. One that is absent
 * or null is NULL (strings, objects, lists, maps, free JSON) or not set (numbers, booleans). A null from the
 * server is kept in the structure's tb_object, and sent back. To send a null of your own:
 *
 *     tb_member label = {.name = "label", .value = json_null()};
 *     tb_device device = {.object.kept = &label, .name = "boiler"};
 *
 * Enumerations are open: a typedef of const char *, with a macro for each value that this version of the API
 * knows. A value from a newer server is just another string. Compare them with tb_is().
 *
 * Numbers keep their text: a number that was decoded and not changed is encoded with the same characters,
 * also 1.10 or 1e5, in members, in free JSON and in what a tb_object keeps. (Numbers outside of structures,
 * as in the json_t of tb_call() or in an answer that is a list of numbers, keep their value, and are written
 * in the usual form.) A number beyond the range of a double is infinite, and is encoded as it came.
 *
 * What jansson or C cannot hold is kept verbatim: as a string of TB_VERBATIM and the JSON that the server
 * wrote. Encoding writes that JSON.
 *
 * In a json_t, these are numbers that would change: integers beyond 64 bits, -0, numbers beyond the range or
 * precision of a double. Example: TB_VERBATIM "89010303310033979663"
 *
 * Everywhere, these are texts with half of a surrogate pair, which is not UTF-8, and texts that begin with
 * TB_VERBATIM themselves; and outside of a json_t, texts with a NUL. Example: TB_VERBATIM "\"\\ud83d\""
 *
 * Programs may make such strings, too: json_string(TB_VERBATIM "89010303310033979663"). It is an error to
 * encode TB_VERBATIM that is not followed by one number or one string of JSON.
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

/* Takes no memory and accepts no initializer. Without it, ".page_size = 100" would compile, and set SET. */
#if defined(__GNUC__) && !defined(__cplusplus)
#define TB_ONLY_WITH_TB_SET                                                                                  \
    __extension__ struct {                                                                                   \
        char none[0];                                                                                        \
    } use_TB_SET[0];
#else
#define TB_ONLY_WITH_TB_SET
#endif

typedef struct {
    TB_ONLY_WITH_TB_SET
    bool set;
    bool value;
} tb_bool;

typedef struct {
    TB_ONLY_WITH_TB_SET
    bool set;
    int32_t value;
} tb_int32;

typedef struct {
    TB_ONLY_WITH_TB_SET
    bool set;
    int64_t value;
} tb_int64;

typedef struct {
    TB_ONLY_WITH_TB_SET
    bool set;
    double value;
} tb_double;

/* For all four: tb_device device = {.version = TB_SET(3)}; A plain 3 does not compile. */
#ifdef __cplusplus
#define TB_SET(number)                                                                                       \
    {                                                                                                        \
        true, (number)                                                                                       \
    }
#else
#define TB_SET(number)                                                                                       \
    {                                                                                                        \
        .set = true, .value = (number)                                                                       \
    }
#endif

/* U+FDD0, a noncharacter, which Unicode reserves for internal use by programs: JSON follows, see above. */
#define TB_VERBATIM "\xef\xb7\x90"

/* A member of a JSON object that its structure does not have, because this version of the API does not know
 * it, or that is an explicit null. NAME and VALUE are borrowed. It is not sent if the structure sets a member
 * with the same name. */
typedef struct tb_member {
    const struct tb_member *next;
    const char *name;
    json_t *value;
} tb_member;

/* The first member of every generated structure. Borrowed, like all that a decoded structure points to. Set
 * it to zeros in a structure of your own, and in a copy that outlives the decoded structure. */
typedef struct {
    const tb_member *kept;
    const json_t *source; /* what the structure was decoded from, with the text of its numbers */
} tb_object;

/* A part of a multipart request. Set DATA and LENGTH, or FILE: the path of a regular file. It is opened when
 * the call begins and read while it is sent. If its size changes meanwhile, the call fails (TB_ERROR_SYSTEM).
 */
typedef struct {
    const void *data;
    size_t length;
    const char *file;
    const char *name;         /* file name for the server; NULL: the last component of FILE, or "file" */
    const char *content_type; /* NULL: application/octet-stream */
} tb_part;

/* Lists and maps have the same shape for every type of element: tb_string_list, tb_device_list, ... In a list
 * or map that is present but empty, ITEMS is set and COUNT is 0: tb_device device = {.labels = TB_EMPTY}. */
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

/* An answer as it came: a download into memory, a text, a string declared as JSON. */
typedef struct {
    size_t length;
    const char *data;         /* followed by a NUL that is not counted */
    const char *content_type; /* as the server says, or "" */
} tb_bytes;

/* Frees a result with all that it points to. RESULT must be the pointer that the call has set; it may be
 * NULL. (Free a json_t * with json_decref() instead.) */
TB_PUBLIC void tb_free(void *result);

/* Returns the member NAME of OBJECT that this version of the API does not know or that is an explicit null;
 * NULL if there is none. Borrowed. */
TB_PUBLIC json_t *tb_kept(const tb_object *object, const char *name);

/* Returns the JSON after TB_VERBATIM: a number, or a string with its quotes. Returns NULL if TEXT is NULL or
 * does not begin with TB_VERBATIM. */
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
