/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_write.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json/json_check.h"
#include "json/json_text.h"

#define TELEMETRY_PATH "/api/plugins/telemetry/"

static enum spool_kind kind_of(const struct operation *operation)
{
    if (!operation || strncmp(operation_path(operation), TELEMETRY_PATH, strlen(TELEMETRY_PATH)) != 0)
        return SPOOL_NOTHING;
    return operation->retry == TB_RETRY_STAMPED    ? SPOOL_TELEMETRY
           : operation->flags & TB_ATTRIBUTE_WRITE ? SPOOL_ATTRIBUTES
           : operation->method == TB_DELETE        ? SPOOL_DELETE
                                                   : SPOOL_NOTHING;
}

/* Appends a segment, of LENGTH bytes, to OUT of SIZE bytes. */
static bool append(char *out, size_t size, const char *segment, size_t length, int (*change)(int c))
{
    size_t used = strlen(out), i;

    if (length >= size - used)
        return false;
    for (i = 0; i < length; i++)
        out[used + i] = (char)change((unsigned char)segment[i]);
    out[used + length] = '\0';
    return true;
}

/* ---- ids ---- */

#define UUID_LENGTH 36

/* A hexadecimal number of Java's: it may have a sign, and fits into 63 bits. */
static bool read_number(const char **at, const char *end, uint64_t *ret)
{
    const char *begin = *at += *at < end && **at == '+';

    for (*ret = 0; *at < end && isxdigit((unsigned char)**at); ++*at) {
        int letter = tolower((unsigned char)**at);

        if (*ret > INT64_MAX >> 4)
            return false;
        *ret = *ret << 4 | (uint64_t)(letter <= '9' ? letter - '0' : letter - 'a' + 10);
    }
    return *at > begin;
}

/* An entity has one key, however its id is written: the server reads ids as java.util.UUID.fromString() does,
 * five numbers of which it takes the last digits. */
static bool read_uuid(const char *text, size_t length, char ret[UUID_LENGTH + 1])
{
    static const int digits[] = {8, 4, 4, 4, 12};
    const char *at = text, *end = text + length;
    uint64_t numbers[ARRAY_SIZE(digits)];
    size_t i;

    for (i = 0; i < ARRAY_SIZE(digits); i++) {
        if ((i > 0 && (at == end || *at++ != '-')) || !read_number(&at, end, &numbers[i]))
            return false;
        numbers[i] &= (UINT64_C(1) << 4 * digits[i]) - 1;
    }
    snprintf(ret, UUID_LENGTH + 1, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
             numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    return at == end && length <= UUID_LENGTH;
}

/* The server refuses what is not an id; but it also reads digits of other scripts, which are escaped. */
static bool take_id(struct spool_write *write, const char *segment, size_t length)
{
    char uuid[UUID_LENGTH + 1];

    if (read_uuid(segment, length, uuid)) {
        segment = uuid;
        length = UUID_LENGTH;
    }
    return !memchr(segment, '%', length) && append(write->entity, sizeof(write->entity), ":", 1, toupper) &&
           append(write->entity, sizeof(write->entity), segment, length, tolower);
}

/* ---- */

/* Takes a segment of the path, for that of the TEMPLATE. */
static bool take_segment(struct spool_write *write, const char *template, const char *segment, size_t length)
{
    bool is_device = strncmp(template, "{deviceId}", strlen("{deviceId}")) == 0;

    if (strncmp(template, "{entityType}", strlen("{entityType}")) == 0)
        return append(write->entity, sizeof(write->entity), segment, length, toupper);
    if (strncmp(template, "{scope}", strlen("{scope}")) == 0)
        return append(write->scope, sizeof(write->scope), segment, length, toupper);
    if (!is_device && strncmp(template, "{entityId}", strlen("{entityId}")) != 0)
        return true;
    return (!is_device ||
            append(write->entity, sizeof(write->entity), "DEVICE", strlen("DEVICE"), toupper)) &&
           take_id(write, segment, length);
}

static bool take_path(struct spool_write *write, const char *template, const char *path, const char *end)
{
    while (template && path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t length = (size_t)((slash ? slash : end) - path);

        if (!take_segment(write, template, path, length))
            return false;
        path += length + 1;
        template = strchr(template, '/');
        template = template ? template + 1 : NULL;
    }
    return *write->entity;
}

struct spool_write spool_write_read(const struct operation *operation, const char *path, size_t length)
{
    struct spool_write write = {.kind = kind_of(operation)};

    if (write.kind != SPOOL_NOTHING &&
        !take_path(&write, operation_path(operation) + 1, path + 1, path + length))
        write.kind = SPOOL_NOTHING;
    return write;
}

static bool are_objects(struct json_part array)
{
    const char *at = array.text, *end = array.text + array.length;
    struct json_part element;

    while (json_text_next_element(&at, end, &element))
        if (*element.text != '{')
            return false;
    return true;
}

int spool_write_check(enum spool_kind kind, const struct buf *body, const char **reason)
{
    const char *text = body->data ? body->data : "";
    struct json_part value;

    *reason = "the body is not JSON";
    if (!json_check(text, body->len, 0))
        return -EBADMSG;
    value = json_text_value(text, body->len);
    if (*value.text == '{' || (kind == SPOOL_TELEMETRY && *value.text == '[' && are_objects(value)))
        return 0;
    *reason = kind == SPOOL_TELEMETRY ? "telemetry must be an object, or an array of objects"
                                      : "attributes must be an object";
    return -EBADMSG;
}
