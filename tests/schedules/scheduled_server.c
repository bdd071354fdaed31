/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduled_server.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/fuzzed_daemon.h"
#include "base/loop.h"
#include "ledger.h"
#include "unit.h"

#define IN_MAX    (1 << 22)
#define TELEMETRY "/api/plugins/telemetry/DEVICE/"

/* What becomes of a request that is not answered as it should be. */
static const struct mishap {
    int status; /* 0: none, the connection ends; -1: none, it stays open */
    bool is_executed;
} mishaps[] = {{503, false}, {503, true}, {502, true}, {504, true}, {500, false}, {500, true},
               {429, false}, {429, true}, {0, false},  {0, true},   {-1, false},  {-1, true}};

void server_open(struct scheduled_server *server, const char *path)
{
    server->fd = fuzzed_daemon_listen(path);
}

void server_begin(struct scheduled_server *server)
{
    size_t i;

    for (i = 0; i < SERVED_MAX; i++)
        server->served[i].fd = -1;
}

/* ---- connections ---- */

static void end_connection(struct served *served)
{
    if (served->fd < 0)
        return;
    close(served->fd);
    served->fd = -1;
    fifo_free(&served->in);
}

void server_end_all(struct scheduled_server *server)
{
    size_t i;

    for (i = 0; i < SERVED_MAX; i++)
        end_connection(&server->served[i]);
}

static void begin_connection(struct scheduled_server *server, int fd)
{
    size_t i;

    for (i = 0; i < SERVED_MAX; i++)
        if (server->served[i].fd < 0)
            break;
    must(i < SERVED_MAX);
    if (server->is_away)
        close(fd);
    else
        server->served[i] = (struct served){.fd = fd, .in = FIFO_INIT(IN_MAX)};
}

/* ---- requests ---- */

struct called {
    char method[8], target[400];
    const char *body;
    size_t length;
};

static void check_entity(const struct called *called, const char *key)
{
    char entity[40];

    snprintf(entity, sizeof(entity), ENTITY, (unsigned)strtoul(key + 1, NULL, 10) % ENTITIES);
    must_say(strstr(called->target, entity) != NULL, "%s: %s", called->target, key);
}

static void store_values(const struct called *called, json_t *values, int64_t time_ms)
{
    const char *key;
    json_t *value;

    json_object_foreach(values, key, value)
    {
        check_entity(called, key);
        ledger_store(key, (unsigned)json_integer_value(value), time_ms);
    }
}

static void store_element(const struct called *called, json_t *element)
{
    json_t *time_ms = json_object_get(element, "ts");

    must_say(json_is_integer(time_ms), "a value without a time: %.*s", (int)called->length, called->body);
    store_values(called, json_object_get(element, "values"), json_integer_value(time_ms));
}

static void execute_write(const struct called *called)
{
    json_t *body = json_loadb(called->body, called->length, 0, NULL), *element;
    size_t i;

    must_say(body != NULL, "not JSON: %.*s", (int)called->length, called->body);
    if (strstr(called->target, "_SCOPE"))
        store_values(called, body, 0);
    else if (json_is_array(body))
        json_array_foreach(body, i, element) store_element(called, element);
    else
        store_element(called, body);
    json_decref(body);
}

static void execute(const struct called *called)
{
    const char *keys = strstr(called->target, "keys=");
    char key[8];

    if (strcmp(called->method, "POST") == 0) {
        execute_write(called);
        return;
    }
    must(strcmp(called->method, "DELETE") == 0);
    must(keys != NULL);
    snprintf(key, sizeof(key), "%.*s", (int)strcspn(keys + 5, "&"), keys + 5);
    check_entity(called, key);
    ledger_delete(key);
}

/* ---- answers ---- */

static void answer(struct served *served, int status, const char *body)
{
    time_t now_s = (time_t)(clock_wall_ms() / 1000);
    char date[64], text[1000];
    struct tm tm;
    int length;

    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now_s, &tm));
    length = snprintf(
        text, sizeof(text),
        "HTTP/1.1 %d \r\nDate: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status,
        date, strlen(body), body);
    if (send(served->fd, text, (size_t)length, MSG_NOSIGNAL) == length)
        return;
    must(errno == EPIPE || errno == ECONNRESET); /* tbproxyd was killed, or has given the request up */
    end_connection(served);
}

static void answer_write(struct scheduled_server *server, struct served *served, const struct called *called)
{
    struct mishap how = {200, true};

    if (called->length > 0 && memmem(called->body, called->length, "poison", 6))
        how = (struct mishap){400, false};
    else if (unit_random() % 100 < server->unkind)
        how = mishaps[unit_random() % (sizeof(mishaps) / sizeof(*mishaps))];
    if (how.is_executed)
        execute(called);
    if (how.status > 0)
        answer(served, how.status,
               how.status == 200 ? "" : "{\"status\":0,\"message\":\"no\",\"errorCode\":2}");
    else if (how.status < 0)
        served->is_silent = true;
    else
        end_connection(served);
}

static void answer_request(struct scheduled_server *server, struct served *served,
                           const struct called *called)
{
    static const char user[] =
        "{\"id\":{\"entityType\":\"USER\",\"id\":\"11111111-1111-1111-1111-111111111111\"},"
        "\"tenantId\":{\"entityType\":\"TENANT\",\"id\":\"22222222-2222-2222-2222-222222222222\"},"
        "\"email\":\"a@example.org\",\"authority\":\"TENANT_ADMIN\"}";

    if (strcmp(called->target, "/api/auth/user") == 0)
        answer(served, 200, user);
    else if (strncmp(called->target, TELEMETRY, strlen(TELEMETRY)) == 0)
        answer_write(server, served, called);
    else
        answer(served, 404, "");
}

/* ---- reading ---- */

static size_t body_length(const char *header, const char *end)
{
    const char *field = strcasestr(header, "\r\nContent-Length:");

    return field && field < end ? strtoull(field + 17, NULL, 10) : 0;
}

/* Executes one request if it has come as a whole. */
static bool read_request(struct scheduled_server *server, struct served *served)
{
    char *data = strndup(fifo_data(&served->in), fifo_length(&served->in));
    const char *end = strstr(data, "\r\n\r\n");
    struct called called;
    size_t all = end ? (size_t)(end - data) + 4 + body_length(data, end) : SIZE_MAX;
    bool is_whole = end && fifo_length(&served->in) >= all;

    if (is_whole) {
        must(sscanf(data, "%7s %399s", called.method, called.target) == 2);
        called.body = end + 4;
        called.length = all - (size_t)(end + 4 - data);
        fifo_consume(&served->in, all);
        answer_request(server, served, &called);
    }
    free(data);
    return is_whole;
}

static bool read_some(struct scheduled_server *server, struct served *served)
{
    static char bytes[1 << 16];
    ssize_t got = recv(served->fd, bytes, sizeof(bytes), 0);

    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        end_connection(served);
        return true;
    }
    must(fifo_append(&served->in, bytes, (size_t)got) == 0);
    while (served->fd >= 0 && !served->is_silent && read_request(server, served))
        continue;
    return true;
}

bool server_move(struct scheduled_server *server)
{
    bool moved = false;
    size_t i;
    int fd;

    while ((fd = fuzzed_daemon_accept(server->fd)) >= 0) {
        begin_connection(server, fd);
        moved = true;
    }
    for (i = 0; i < SERVED_MAX; i++)
        while (server->served[i].fd >= 0 && read_some(server, &server->served[i]))
            moved = true;
    return moved;
}
