/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not by sd_journal_sendv(): that waits while the journal's socket is full, and so would the daemon's only
 * thread. What is sent is the same, one datagram of lines "NAME=value" (systemd.io/JOURNAL_NATIVE_PROTOCOL).
 */
#include "proxy/daemon/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/utf8.h"
#include "base/util.h"

#define MESSAGE_MAX_BYTES 4096
#define FIELD_MAX_BYTES   1536 /* of a line: its name and its value */

struct datagram {
    char text[MESSAGE_MAX_BYTES];
    size_t length;
};

/* A field that does not fit is left out. A value is one line, or it could forge further fields. */
static void PRINTF_LIKE(2, 3) add(struct datagram *datagram, const char *format, ...)
{
    char line[FIELD_MAX_BYTES];
    va_list args;
    size_t length;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    utf8_mask(line);
    length = strlen(line);
    if (length + 1 > sizeof(datagram->text) - datagram->length)
        return;
    memcpy(datagram->text + datagram->length, line, length);
    datagram->length += length;
    datagram->text[datagram->length++] = '\n';
}

static void compose(struct datagram *datagram, const struct log_message *message)
{
    size_t i;

    add(datagram, "PRIORITY=%d", log_priority(message->level));
    add(datagram, "SYSLOG_IDENTIFIER=%s", program_invocation_short_name);
    add(datagram, "MESSAGE=%s", message->text);
    for (i = 0; i < message->field_count; i++) {
        const struct log_field *field = &message->fields[i];

        if (field->text)
            add(datagram, "%s=%s", field->name, field->text);
        else
            add(datagram, "%s=%" PRId64, field->name, field->number);
    }
}

/* It is addressed each time, so a journal that was restarted gets it, too. Without a journal there,
 * in a container for example, the line goes to standard error. */
static bool journal_write(struct log_sink *sink, const struct log_message *message)
{
    struct journal *journal = CONTAINER_OF(sink, struct journal, sink);
    struct datagram datagram = {.length = 0};

    compose(&datagram, message);
    if (sendto(journal->fd, datagram.text, datagram.length, MSG_NOSIGNAL | MSG_DONTWAIT,
               (const struct sockaddr *)&journal->address, sizeof(journal->address)) >= 0)
        return true;
    return errno != EAGAIN && errno != ENOBUFS && log_write_line(message);
}

int journal_open(struct journal *journal, const char *path)
{
    journal->sink.write = journal_write;
    journal->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(journal->address.sun_path, sizeof(journal->address.sun_path), "%s", path);
    journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return journal->fd < 0 ? -errno : 0;
}

void journal_close(struct journal *journal)
{
    close(journal->fd);
}
