/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/daemon/log_format.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "base/util.h"
#include "proxy/daemon/journal.h"

#define JSON_MAX_BYTES 8192 /* a text of 1 KiB in which each byte is escaped, and the fields */
#define TEXT_MAX       1024
#define FIELD_NAME_MAX 32

/* ---- JSON ---- */

/* jansson takes UTF-8 only. */
static json_t *json_of(const char *text)
{
    char masked[TEXT_MAX];

    if (utf8_count(text, strlen(text)) >= 0)
        return json_string(text);
    snprintf(masked, sizeof(masked), "%s", text);
    utf8_mask(masked);
    return json_string(masked);
}

static void add_field(json_t *object, const struct log_field *field)
{
    char name[FIELD_NAME_MAX];
    size_t i;

    for (i = 0; field->name[i] && i < sizeof(name) - 1; i++)
        name[i] = (char)tolower((unsigned char)field->name[i]);
    name[i] = '\0';
    json_object_set_new(object, name, field->text ? json_of(field->text) : json_integer(field->number));
}

/* Returns the length of LINE; 0: MESSAGE does not fit, or there is no memory. */
static size_t print_json(const struct log_message *message, char *line, size_t size)
{
    json_t *object = json_object();
    char now[CLOCK_TEXT_BYTES];
    size_t length, i;

    clock_format(clock_wall_ms(), now);
    json_object_set_new(object, "time", json_string(now));
    json_object_set_new(object, "level", json_string(log_level_names[message->level]));
    json_object_set_new(object, "message", json_of(message->text));
    for (i = 0; i < message->field_count; i++)
        add_field(object, &message->fields[i]);
    length = json_dumpb(object, line, size, JSON_COMPACT);
    json_decref(object);
    return length <= size ? length : 0;
}

static bool json_write_line(struct log_sink *sink, const struct log_message *message)
{
    char line[JSON_MAX_BYTES];
    size_t length = print_json(message, line, sizeof(line) - 1);

    (void)sink;
    if (length == 0)
        return log_write_line(message);
    line[length] = '\n';
    return log_write_to_stderr(line, length + 1);
}

static struct log_sink json_sink = {.write = json_write_line};

/* ---- the choice ---- */

static struct log_sink *journal_sink(void)
{
    static struct journal journal;

    if (!journal.sink.write && journal_open(&journal, JOURNAL_PATH) < 0)
        journal.sink.write = NULL;
    return journal.sink.write ? &journal.sink : NULL;
}

void log_configure(const struct config *config)
{
    struct log_sink *sink = NULL;

    if (config->log.format == LOG_FORMAT_JSON)
        sink = &json_sink;
    else if (config->log.format == LOG_FORMAT_AUTO && log_stderr_is_journal())
        sink = journal_sink();
    log_set_level((enum log_level)config->log.level);
    log_set_sink(sink);
}
