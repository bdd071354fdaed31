/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts as local programs that write telemetry, over plain HTTP/1.1 on loopback. Usage:
 *
 *     write_load PORT SECONDS GRACE RATE CONNECTIONS DEVICE_ID...
 *
 * There is one writer for each DEVICE_ID; value I of writer W is {"vW": I}. With a RATE, value I is due at
 * I / RATE seconds. It is sent as soon as it is due and one of the writer's CONNECTIONS is free, even if
 * earlier values have no response yet. With RATE 0, each connection sends its next value after the response.
 * After SECONDS, only values that were due before are sent; GRACE seconds later the program ends. If there
 * is a line on standard input, it is sent as X-Authorization.
 *
 * Writes one JSON array for each value: [writer, value, due, sent, answered, status]. Times are in us since
 * the start; -1 means never.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WRITERS_MAX     64
#define CONNECTIONS_MAX 1024 /* of one writer */
#define VALUES_MAX      10000000
#define ANSWER_MAX      8192
#define EVENTS_MAX      256

struct value {
    int64_t due_us, sent_us, answered_us;
    int status;
};

struct connection {
    struct writer *writer;
    struct connection *next_free;
    int fd;
    size_t value; /* whose response it waits for */
    size_t length;
    char answer[ANSWER_MAX + 1];
};

struct writer {
    const char *device_id;
    struct connection *free;
    struct value *values;
    size_t count, room; /* values sent or given up; size of the array */
};

struct load {
    struct writer writers[WRITERS_MAX];
    int64_t start_us, end_us; /* end: no new value is due from then on */
    double rate;
    size_t writer_count, under_way;
    int epoll;
    uint16_t port;
    char credential[256]; /* a header line, or empty */
};

static int64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_us(const struct load *load)
{
    return clock_us() - load->start_us;
}

static void fail(const char *what)
{
    fprintf(stderr, "write_load: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* ---- connections ---- */

static void open_connection(struct load *load, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail("connect");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        fail("epoll_ctl");
    connection->length = 0;
    connection->value = SIZE_MAX;
    connection->next_free = connection->writer->free;
    connection->writer->free = connection;
}

/* Removes an idle connection from its writer's list. */
static void take_out(struct connection *connection)
{
    struct connection **place = &connection->writer->free;

    while (*place && *place != connection)
        place = &(*place)->next_free;
    if (*place)
        *place = connection->next_free;
}

static void open_again(struct load *load, struct connection *connection)
{
    take_out(connection);
    close(connection->fd);
    open_connection(load, connection);
}

/* ---- values ---- */

static struct value *add_value(struct writer *writer)
{
    if (writer->count == writer->room) {
        writer->room = writer->room ? 2 * writer->room : 1024;
        writer->values = reallocarray(writer->values, writer->room, sizeof(*writer->values));
        if (!writer->values)
            fail("memory");
    }
    writer->values[writer->count] = (struct value){.sent_us = -1, .answered_us = -1};
    return &writer->values[writer->count++];
}

/* The time when the writer's next value is due; INT64_MAX if there is none. */
static int64_t next_due_us(const struct load *load, const struct writer *writer, int64_t now)
{
    int64_t due = load->rate > 0 ? (int64_t)((double)writer->count * 1e6 / load->rate) : now;

    return due < load->end_us && writer->count < VALUES_MAX ? due : INT64_MAX;
}

static void send_value(struct load *load, struct writer *writer, int64_t due_us)
{
    struct connection *connection = writer->free;
    int number = (int)(writer - load->writers);
    char body[64], text[768];
    int length;

    writer->free = connection->next_free;
    connection->value = writer->count;
    connection->length = 0;
    length = snprintf(body, sizeof(body), "{\"v%d\": %zu}", number, writer->count);
    length =
        snprintf(text, sizeof(text),
                 "POST /api/plugins/telemetry/DEVICE/%s/timeseries/ANY HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                 "Content-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s",
                 writer->device_id, load->port, load->credential, length, body);
    *add_value(writer) = (struct value){.due_us = due_us, .sent_us = now_us(load), .answered_us = -1};
    load->under_way++;
    /* If it has been closed meanwhile, an event reports that. */
    (void)!send(connection->fd, text, (size_t)length, MSG_NOSIGNAL);
}

static void send_what_is_due(struct load *load)
{
    size_t i;

    for (i = 0; i < load->writer_count; i++) {
        struct writer *writer = &load->writers[i];
        int64_t now = now_us(load);
        int64_t due;

        while (writer->free && (due = next_due_us(load, writer, now)) <= now)
            send_value(load, writer, due);
    }
}

static void finish_value(struct load *load, struct connection *connection, int status)
{
    struct value *value = &connection->writer->values[connection->value];

    value->status = status;
    value->answered_us = status ? now_us(load) : -1;
    connection->value = SIZE_MAX;
    load->under_way--;
}

/* ---- responses ---- */

/* The value of a header in the head that ends at END, or NULL. */
static const char *header(const char *head, const char *end, const char *name)
{
    const char *line = strstr(head, "\r\n");
    size_t length = strlen(name);

    for (; line && line < end; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, length) == 0)
            return line + 2 + length + strspn(line + 2 + length, " ");
    return NULL;
}

/* The status of the response; 0 if it is incomplete, -1 if it is invalid. */
static int answer_status(const struct connection *connection, bool *ret_closes)
{
    const char *end = strstr(connection->answer, "\r\n\r\n");
    const char *length, *closes;
    size_t body;

    if (!end)
        return connection->length < ANSWER_MAX ? 0 : -1;
    body = connection->length - (size_t)(end + 4 - connection->answer);
    length = header(connection->answer, end, "Content-Length:");
    if (length ? body < strtoull(length, NULL, 10)
               : body < 5 || memcmp(connection->answer + connection->length - 5, "0\r\n\r\n", 5) != 0)
        return connection->length < ANSWER_MAX ? 0 : -1;
    closes = header(connection->answer, end, "Connection:");
    *ret_closes = closes && strncasecmp(closes, "close", 5) == 0;
    return strncmp(connection->answer, "HTTP/1.1 ", 9) == 0 ? atoi(connection->answer + 9) : -1;
}

static void receive(struct load *load, struct connection *connection)
{
    ssize_t n = recv(connection->fd, connection->answer + connection->length, ANSWER_MAX - connection->length,
                     MSG_DONTWAIT);
    bool closes = false;
    int status;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    connection->length += n > 0 ? (size_t)n : 0;
    connection->answer[connection->length] = '\0';
    status = n > 0 && connection->value != SIZE_MAX ? answer_status(connection, &closes) : -1;
    if (status == 0)
        return;
    if (connection->value != SIZE_MAX)
        finish_value(load, connection, status > 0 ? status : 0);
    if (status < 0 || closes) {
        open_again(load, connection);
        return;
    }
    connection->next_free = connection->writer->free;
    connection->writer->free = connection;
}

/* ---- the run ---- */

/* The time when there is something to do without an event. */
static int64_t next_us(const struct load *load, int64_t now, int64_t last_us)
{
    int64_t next = last_us;
    size_t i;

    for (i = 0; i < load->writer_count; i++) {
        int64_t due = next_due_us(load, &load->writers[i], now);

        if (load->writers[i].free && due < next)
            next = due;
    }
    return next > now ? next : now;
}

static bool is_done(const struct load *load, int64_t now)
{
    size_t i;

    for (i = 0; i < load->writer_count; i++)
        if (next_due_us(load, &load->writers[i], now) != INT64_MAX)
            return false;
    return load->under_way == 0;
}

static void run(struct load *load, int64_t last_us)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t now;

    load->start_us = clock_us();
    while ((now = now_us(load)) < last_us && !is_done(load, now)) {
        struct timespec wait;
        int64_t wait_us;
        int n, i;

        send_what_is_due(load);
        wait_us = next_us(load, now_us(load), last_us) - now;
        wait = (struct timespec){.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
        n = epoll_pwait2(load->epoll, events, EVENTS_MAX, &wait, NULL);
        for (i = 0; i < n; i++)
            receive(load, events[i].data.ptr);
    }
}

static void print(struct load *load)
{
    size_t i, j;

    for (i = 0; i < load->writer_count; i++) {
        struct writer *writer = &load->writers[i];
        int64_t due;

        while (load->rate > 0 && (due = next_due_us(load, writer, 0)) != INT64_MAX)
            add_value(writer)->due_us = due;
        for (j = 0; j < writer->count; j++)
            printf("[%zu, %zu, %lld, %lld, %lld, %d]\n", i, j, (long long)writer->values[j].due_us,
                   (long long)writer->values[j].sent_us, (long long)writer->values[j].answered_us,
                   writer->values[j].status);
    }
}

static void open_writers(struct load *load, char **device_ids, size_t connections)
{
    size_t i, j;

    for (i = 0; i < load->writer_count; i++) {
        struct connection *all = calloc(connections, sizeof(*all));

        if (!all)
            fail("memory");
        load->writers[i].device_id = device_ids[i];
        for (j = 0; j < connections; j++) {
            all[j].writer = &load->writers[i];
            open_connection(load, &all[j]);
        }
    }
}

static void read_credential(struct load *load)
{
    char line[200];

    if (fgets(line, sizeof(line), stdin))
        snprintf(load->credential, sizeof(load->credential), "X-Authorization: %.*s\r\n",
                 (int)strcspn(line, "\n"), line);
}

int main(int argc, char **argv)
{
    static struct load load;
    size_t connections = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;

    if (argc < 7 || argc - 6 > WRITERS_MAX || connections < 1 || connections > CONNECTIONS_MAX)
        return EXIT_FAILURE;
    load.port = (uint16_t)atoi(argv[1]);
    load.end_us = (int64_t)(atof(argv[2]) * 1e6);
    load.rate = atof(argv[4]);
    load.writer_count = (size_t)argc - 6;
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    read_credential(&load);
    prctl(PR_SET_TIMERSLACK, 1); /* ns; by default a timer may be 50 us late */
    if (load.epoll < 0)
        fail("epoll_create1");
    open_writers(&load, argv + 6, connections);
    run(&load, load.end_us + (int64_t)(atof(argv[3]) * 1e6));
    print(&load);
    return EXIT_SUCCESS;
}
