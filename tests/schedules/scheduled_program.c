/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduled_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "scheduled_server.h"

#define IN_MAX (1 << 20)

static bool open_connection(struct scheduled_program *program, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (program->fd >= 0)
        return true;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    program->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(program->fd >= 0);
    program->in = (struct fifo)FIFO_INIT(IN_MAX);
    if (connect(program->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    close(program->fd);
    program->fd = -1;
    return false;
}

static int format_body(char *text, size_t size, enum write_kind kind, unsigned mark, char key,
                       unsigned number)
{
    long long time_ms = WRITE_EPOCH_MS + mark;

    switch (kind) {
    case WRITE_STAMPED:
        return snprintf(text, size, "{\"ts\":%lld,\"values\":{\"%c%u\":%u}}", time_ms, key, number, mark);
    case WRITE_ARRAY:
        return snprintf(text, size, "[{\"ts\":%lld,\"values\":{\"%c%u\":%u}}]", time_ms, key, number, mark);
    case WRITE_POISONED:
        return snprintf(
            text, size,
            "[{\"ts\":%lld,\"values\":{\"%c%u\":%u}},{\"ts\":%lld,\"values\":{\"%c%u\":\"poison\"}}]",
            time_ms, key, number, mark, time_ms + 1, key, number);
    case WRITE_BARE:
    case WRITE_ATTRIBUTE:
        return snprintf(text, size, "{\"%c%u\":%u}", key, number, mark);
    default:
        return 0;
    }
}

static void format_target(char *text, size_t size, enum write_kind kind, char key, unsigned number)
{
    static const char *const ends[WRITE_KINDS] = {
        [WRITE_ATTRIBUTE] = "SERVER_SCOPE",
        [DELETE_ATTRIBUTE] = "SERVER_SCOPE?keys=",
        [DELETE_TELEMETRY] = "timeseries/delete?deleteAllDataForKeys=true&keys=",
    };
    char name[16] = "";

    if (write_is_delete(kind))
        snprintf(name, sizeof(name), "%c%u", key, number);
    snprintf(text, size, "/api/plugins/telemetry/DEVICE/" ENTITY "/%s%s", number % ENTITIES,
             ends[kind] ? ends[kind] : "timeseries/ANY", name);
}

static void send_request(struct scheduled_program *program, enum write_kind kind, const char *prefer)
{
    char key = write_is_attribute(kind) ? 'a' : 't', target[200], body[300] = "", text[1000];
    int length = format_body(body, sizeof(body), kind, program->mark, key, program->number);

    format_target(target, sizeof(target), kind, key, program->number);
    length = snprintf(
        text, sizeof(text),
        "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s%s%sContent-Length: %d\r\n\r\n%s",
        write_is_delete(kind) ? "DELETE" : "POST", target, *prefer ? "Prefer: " : "", prefer,
        *prefer ? "\r\n" : "", length, body);
    must(length < (int)sizeof(text));
    /* If tbproxyd has gone meanwhile, the next look at the connection says so. */
    if (send(program->fd, text, (size_t)length, MSG_NOSIGNAL) < 0)
        must(errno == EPIPE || errno == ECONNRESET);
}

void program_write(struct scheduled_program *program, const char *path, enum write_kind kind,
                   const char *prefer, int64_t now_ms)
{
    if (program->mark || !open_connection(program, path))
        return;
    program->mark = ledger_add(kind, program->number, now_ms);
    if (program->mark)
        send_request(program, kind, prefer);
}

void program_leave(struct scheduled_program *program, int64_t now_ms)
{
    if (program->mark)
        ledger_write(program->mark)->answered_ms = now_ms;
    program->mark = 0;
    if (program->fd >= 0)
        close(program->fd);
    program->fd = -1;
    fifo_free(&program->in);
}

/* ---- answers ---- */

/* What a server has not answered when the time to stop is over is refused. */
static bool is_allowed(const struct write *write, const char *text)
{
    int status = write->status;

    if (status == 503 && strstr(text, "tbproxyd is stopping"))
        return true;
    return status == 200 || status == 202 || status == 500 ||
           (status == 400 && write->kind == WRITE_POISONED) ||
           (write_is_delete(write->kind) && (status == 429 || (status >= 502 && status <= 504)));
}

static void note_answer(struct scheduled_program *program, int status, const char *text, int64_t now_ms)
{
    struct write *write;

    must_say(program->mark != 0, "an answer that nobody asked for: %s", text);
    write = ledger_write(program->mark);
    write->status = status;
    write->answered_ms = now_ms;
    must_say(is_allowed(write, text), "write %u (kind %d) was refused: %s", program->mark, write->kind, text);
    program->mark = 0;
}

static void read_answer(struct scheduled_program *program, int64_t now_ms)
{
    CLEANUP(free_pointer) char *text = strndup(fifo_data(&program->in), fifo_length(&program->in));
    const char *end = strstr(text, "\r\n\r\n"), *field = strcasestr(text, "\r\nContent-Length:");
    size_t all = end ? (size_t)(end - text) + 4 : SIZE_MAX;

    if (end && field && field < end)
        all += strtoull(field + 17, NULL, 10);
    if (!end || fifo_length(&program->in) < all)
        return;
    fifo_consume(&program->in, all);
    note_answer(program, (int)strtol(text + strlen("HTTP/1.1 "), NULL, 10), text, now_ms);
    if (strcasestr(text, "\r\nConnection: close"))
        program_leave(program, now_ms);
}

bool program_move(struct scheduled_program *program, int64_t now_ms)
{
    char bytes[1 << 14];
    ssize_t got;

    if (program->fd < 0)
        return false;
    got = recv(program->fd, bytes, sizeof(bytes), 0);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        program_leave(program, now_ms);
        return true;
    }
    must(fifo_append(&program->in, bytes, (size_t)got) == 0);
    read_answer(program, now_ms);
    return true;
}
