/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile_server.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "fuzzed_daemon.h"
#include "hostile_asked.h"
#include "http/websocket_frame.h"

#define OUT_MAX (1 << 25)

void server_open(struct hostile_server *server, const char *path)
{
    server->fd = fuzzed_daemon_listen(path);
}

void server_begin(struct hostile_server *server)
{
    size_t i;

    for (i = 0; i < SERVER_CONNECTIONS; i++)
        server->served[i].fd = -1;
}

/* ---- sending ---- */

void server_say(struct served *served, const void *bytes, size_t length)
{
    must(fifo_append(&served->out, bytes, length) == 0);
}

void server_say_frame(struct served *served, unsigned type, unsigned flags, unsigned id, const void *payload,
                      size_t length)
{
    uint8_t head[9] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, (uint8_t)type,
                       (uint8_t)flags};

    head[7] = (uint8_t)(id >> 8);
    head[8] = (uint8_t)id;
    server_say(served, head, sizeof(head));
    server_say(served, payload, length);
}

void server_say_message(struct served *served, const void *text, size_t length)
{
    must(frame_put(fifo_tail(&served->out), FRAME_TEXT, false, text, length) == 0);
}

static bool write_some(struct served *served)
{
    size_t length = fifo_length(&served->out);
    ssize_t sent;

    if (length == 0 && served->ends) {
        served->ends = false;
        server_end(served, CLIENT_SHUTS_DOWN);
        return true;
    }
    if (length > served->allowed)
        length = served->allowed;
    if (length == 0)
        return false;
    sent = send(served->fd, fifo_data(&served->out), length, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN)
            fifo_free(&served->out);
        return false;
    }
    fifo_consume(&served->out, (size_t)sent);
    if (served->allowed != SIZE_MAX)
        served->allowed -= (size_t)sent;
    return true;
}

/* ---- connections ---- */

static void begin_connection(struct hostile_server *server, int fd)
{
    size_t i;

    for (i = 0; i < SERVER_CONNECTIONS; i++)
        if (server->served[i].fd < 0)
            break;
    if (server->is_away || i == SERVER_CONNECTIONS) {
        close(fd);
        return;
    }
    server->served[i] = (struct served){.fd = fd,
                                        .allowed = SIZE_MAX,
                                        .in = FIFO_INIT(OUT_MAX),
                                        .out = FIFO_INIT(OUT_MAX),
                                        .block = BUF_INIT(OUT_MAX)};
}

void server_end(struct served *served, enum client_end how)
{
    if (served->fd < 0)
        return;
    if (how == CLIENT_SHUTS_DOWN) {
        shutdown(served->fd, SHUT_WR);
        return;
    }
    close(served->fd);
    served->fd = -1;
    fifo_free(&served->in);
    fifo_free(&served->out);
    buf_free(&served->block);
    if (served->inflater)
        nghttp2_hd_inflate_del(served->inflater);
}

void server_end_all(struct hostile_server *server)
{
    size_t i;

    for (i = 0; i < SERVER_CONNECTIONS; i++)
        server_end(&server->served[i], CLIENT_CLOSES);
}

static bool is_asked(const struct served *served)
{
    size_t i;

    for (i = 0; i < SERVER_STREAMS; i++)
        if (served->asked[i].is_open)
            return true;
    return false;
}

struct served *server_connection(struct hostile_server *server, unsigned wanted, bool asked)
{
    struct served *found[SERVER_CONNECTIONS];
    unsigned count = 0, i;

    for (i = 0; i < SERVER_CONNECTIONS; i++)
        if (server->served[i].fd >= 0 && (!asked || is_asked(&server->served[i])))
            found[count++] = &server->served[i];
    return count > 0 ? found[wanted % count] : NULL;
}

static bool read_some(struct served *served)
{
    static char bytes[1 << 16];
    ssize_t got = recv(served->fd, bytes, sizeof(bytes), 0);

    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        server_end(served, CLIENT_CLOSES);
        return true;
    }
    must(fifo_append(&served->in, bytes, (size_t)got) == 0);
    asked_read(served);
    return true;
}

/* ---- answers ---- */

/* What tbproxyd asks for itself, and everything if the server answers all. */
static void answer_by_itself(struct hostile_server *server, struct served *served)
{
    static const struct server_answer found = {0};
    size_t i;

    for (i = 0; i < SERVER_STREAMS && served->fd >= 0; i++) {
        struct asked *asked = &served->asked[i];

        if (asked->is_open && server->is_polite && asked_give_own(served, asked, &server->token))
            continue;
        if (asked->is_open && server->answers_all)
            asked_give(served, asked, &found);
    }
}

void server_give(struct served *served, unsigned wanted, const struct server_answer *answer)
{
    size_t i;

    for (i = 0; i < SERVER_STREAMS; i++) {
        struct asked *asked = &served->asked[(wanted + i) % SERVER_STREAMS];

        if (!asked->is_open)
            continue;
        asked_give(served, asked, answer);
        return;
    }
}

bool server_move(struct hostile_server *server)
{
    bool moved = false;
    size_t i;
    int fd;

    while ((fd = fuzzed_daemon_accept(server->fd)) >= 0) {
        begin_connection(server, fd);
        moved = true;
    }
    for (i = 0; i < SERVER_CONNECTIONS; i++) {
        struct served *served = &server->served[i];

        while (served->fd >= 0 && read_some(served))
            moved = true;
        if (served->fd >= 0)
            answer_by_itself(server, served);
        if (served->fd >= 0 && write_some(served))
            moved = true;
    }
    return moved;
}
