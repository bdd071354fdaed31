/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "http/response_reader.h"
#include "http/websocket_frame.h"

#define OUT_MAX  (1 << 24)
#define SEEN_MAX (1 << 26)
#define ENTITY   "784f394c-42b6-435a-983c-b7beff2784f9"
#define SHARED   2    /* targets that several ask for */
#define LARGE    3000 /* more than is kept of a body */

static uint32_t seed_of_marks;

void client_prepare(struct hostile_client *client, unsigned number, uint32_t seed)
{
    *client = (struct hostile_client){.number = number,
                                      .fd = -1,
                                      .allowed = SIZE_MAX,
                                      .out = FIFO_INIT(OUT_MAX),
                                      .said = BUF_INIT(SEEN_MAX),
                                      .seen = BUF_INIT(SEEN_MAX)};
    seed_of_marks = seed;
    snprintf(client->mark_prefix, sizeof(client->mark_prefix), "mark-%08x%02x", seed, number);
}

void client_open(struct hostile_client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (client->was_opened)
        return;
    client->was_opened = true;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    must(client->fd >= 0);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        client_end(client, CLIENT_CLOSES); /* nobody listens any more */
}

/* ---- requests ---- */

static struct hostile_request *add_request(struct hostile_client *client, unsigned variant, bool is_shared)
{
    struct hostile_request *request = &client->requests[client->count];

    if (is_shared)
        snprintf(request->mark, MARK_BYTES, "mark-%08xff%02x", seed_of_marks, variant % SHARED);
    else
        snprintf(request->mark, MARK_BYTES, "%s%02x", client->mark_prefix, client->count);
    client->count++;
    return request;
}

static void PRINTF_LIKE(2, 3) say(struct hostile_client *client, const char *format, ...)
{
    va_list args;
    char text[1024];

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    must(fifo_append(&client->out, text, strlen(text)) == 0);
}

static void say_body(struct hostile_client *client, const char *begin, const char *body)
{
    say(client, "%sHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", begin,
        strlen(body), body);
}

static void ask_to_read(struct hostile_client *client, unsigned variant, const char *mark, bool is_head)
{
    static const char *const wishes[] = {"", "Prefer: wait=0\r\n", "Prefer: wait=2\r\nPriority: u=1\r\n",
                                         "Connection: close\r\n"};

    say(client, "%s /api/tenant/devices?deviceName=%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
        is_head ? "HEAD" : "GET", mark, wishes[variant >> 2 & 3]);
}

static void ask_to_write(struct hostile_client *client, unsigned variant)
{
    static const char *const paths[] = {"DEVICE/" ENTITY "/timeseries/ANY", "DEVICE/" ENTITY "/SERVER_SCOPE"};
    char begin[200], body[80];

    snprintf(begin, sizeof(begin), "POST /api/plugins/telemetry/%s HTTP/1.1\r\n", paths[variant & 1]);
    snprintf(body, sizeof(body), "{\"k%u\":%u}", variant >> 1 & 3, variant);
    client->requests[client->count - 1].mark[0] = '\0'; /* merged with others, or not */
    say_body(client, begin, body);
}

static void ask_to_act(struct hostile_client *client, unsigned variant, const char *mark)
{
    char body[120];

    if (variant & 1) {
        say(client, "DELETE /api/device/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", mark);
        return;
    }
    snprintf(body, sizeof(body), "{\"method\":\"m\",\"params\":\"%s\",\"timeout\":%u}", mark, variant * 100);
    say_body(client, "POST /api/rpc/twoway/" ENTITY " HTTP/1.1\r\n", body);
}

/* A body that is passed on as it comes. */
static void ask_with_large_body(struct hostile_client *client, unsigned variant, const char *mark)
{
    static const char part[] = "0123456789012345678901234567890123456789";
    size_t count = (variant & 1 ? LARGE : 40 * LARGE) / (sizeof(part) - 1), i;
    bool is_chunked = variant & 2;

    say(client, "POST /api/device?name=%s HTTP/1.1\r\nHost: localhost\r\n", mark);
    if (is_chunked)
        say(client, "Transfer-Encoding: chunked\r\n%s\r\n", variant & 4 ? "Expect: 100-continue\r\n" : "");
    else
        say(client, "Content-Length: %zu\r\n%s\r\n", count * (sizeof(part) - 1),
            variant & 4 ? "Expect: 100-continue\r\n" : "");
    for (i = 0; i < count; i++)
        say(client, is_chunked ? "28\r\n%s\r\n" : "%s", part);
    if (is_chunked)
        say(client, "0\r\n\r\n");
}

static void ask_of_tbproxyd(struct hostile_client *client, unsigned variant)
{
    static const char *const pages[] = {"/-/status", "/-/metrics", "/-/ready", "/", "/-/trace", "/-/events"};
    const char *page = pages[variant % ARRAY_SIZE(pages)];

    client->requests[client->count - 1].mark[0] = '\0';
    if (variant % 8 == 7)
        say_body(client, "POST /api/auth/login HTTP/1.1\r\n",
                 "{\"username\":\"a@example.org\",\"password\":\"p\"}");
    else
        say(client, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", page);
    client->watches |= strcmp(page, "/-/trace") == 0;
}

static void ask_for_stream(struct hostile_client *client, unsigned variant)
{
    client->requests[client->count - 1].mark[0] = '\0';
    if (variant & 1)
        say(client,
            "GET /api/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
            variant & 2 ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
    else
        say(client, "GET /-/subscribe/DEVICE/" ENTITY "%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
            variant & 2 ? "?keys=k0,k1" : "");
}

void client_ask(struct hostile_client *client, unsigned kind, unsigned variant)
{
    struct hostile_request *request;

    if (client->count == CLIENT_REQUESTS_MAX)
        return;
    kind %= 8;
    request = add_request(client, variant, kind == 1);
    request->is_head = kind == 2;
    if (kind <= 2)
        ask_to_read(client, variant, request->mark, request->is_head);
    else if (kind == 3)
        ask_to_write(client, variant);
    else if (kind == 4)
        ask_to_act(client, variant, request->mark);
    else if (kind == 5)
        ask_with_large_body(client, variant, request->mark);
    else if (kind == 6)
        ask_of_tbproxyd(client, variant);
    else
        ask_for_stream(client, variant);
}

void client_send(struct hostile_client *client, const void *bytes, size_t length)
{
    client->is_raw = true;
    must(fifo_append(&client->out, bytes, length) == 0);
}

void client_send_frame(struct hostile_client *client, unsigned opcode, const void *payload, size_t length)
{
    uint8_t head[FRAME_HEADER_MAX] = {(uint8_t)(0x80 | (opcode & 0x4f)), (uint8_t)(0x80 | length)};

    if (length > 125)
        return;
    client_send(client, head, 6); /* a mask of zeros */
    client_send(client, payload, length);
}

/* ---- the connection ---- */

void client_end(struct hostile_client *client, enum client_end how)
{
    if (client->fd < 0)
        return;
    client->has_ended = true;
    if (how == CLIENT_SHUTS_DOWN) {
        shutdown(client->fd, SHUT_WR);
        return;
    }
    close(client->fd);
    client->fd = -1;
}

static bool write_some(struct hostile_client *client)
{
    size_t length = fifo_length(&client->out);
    ssize_t sent;

    if (length > client->allowed)
        length = client->allowed;
    if (length == 0)
        return false;
    sent = send(client->fd, fifo_data(&client->out), length, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN)
            fifo_free(&client->out);
        return false;
    }
    must(buf_append(&client->said, fifo_data(&client->out), (size_t)sent) == 0);
    fifo_consume(&client->out, (size_t)sent);
    if (client->allowed != SIZE_MAX)
        client->allowed -= (size_t)sent;
    return true;
}

static bool read_some(struct hostile_client *client)
{
    static char bytes[1 << 16];
    ssize_t got = client->is_deaf ? -1 : recv(client->fd, bytes, sizeof(bytes), 0);

    if (got > 0)
        must(buf_append(&client->seen, bytes, (size_t)got) == 0);
    if (got > 0 || client->is_deaf || (got < 0 && errno == EAGAIN))
        return got > 0;
    client_end(client, CLIENT_CLOSES);
    return true;
}

bool client_move(struct hostile_client *client)
{
    bool wrote = client->fd >= 0 && write_some(client);

    return (client->fd >= 0 && read_some(client)) || wrote;
}

/* ---- what it has got ---- */

/* All marks in the LENGTH bytes of TEXT are MARK. */
static void check_marks(const char *text, size_t length, const char *mark)
{
    char begin[MARK_BYTES];
    const char *found;

    snprintf(begin, sizeof(begin), "mark-%08x", seed_of_marks);
    while ((found = memmem(text, length, begin, strlen(begin)))) {
        size_t left = length - (size_t)(found - text);

        must(left < MARK_BYTES - 1 || (*mark && memcmp(found, mark, MARK_BYTES - 1) == 0));
        text = found + 1;
        length = left - 1;
    }
}

/* Reads one answer. Returns what response_reader_next() did last; *USED: its bytes. */
static int read_answer(const char *text, size_t length, bool is_head, size_t *used, int *status)
{
    struct headers headers = HEADERS_INIT;
    struct response_reader reader = {0};
    const char *body;
    size_t taken, body_length;
    int r;

    response_reader_begin(&reader, is_head, &headers);
    *used = 0;
    do {
        r = response_reader_next(&reader, text + *used, length - *used, &taken, &body, &body_length);
        *used += taken;
    } while (r > RESPONSE_MORE && r != RESPONSE_END);
    *status = reader.status;
    response_reader_free(&reader);
    headers_free(&headers);
    return r;
}

/* Of a client that says whatever it wants only this is known: it has not asked for more than it has sent
 * lines. */
static size_t answers_max(const struct hostile_client *client)
{
    size_t count = 1, i;

    if (!client->is_raw)
        return client->count;
    for (i = 0; i < client->said.len; i++)
        count += client->said.data[i] == '\n';
    return count;
}

/* Whether some answers may have no body although their headers say that they have one. */
static bool may_have_said_head(const struct hostile_client *client)
{
    return client->is_raw && client->said.len > 0 && memmem(client->said.data, client->said.len, "HEAD", 4);
}

/* There are too many connections, or the request does not come to an end. */
static bool is_farewell(int status, size_t left)
{
    return (status == 503 || status == 408) && left == 0;
}

/* The answer to REQUEST. A connection that is refused gets its answer before its request is read: that has a
 * body, also if the request is a HEAD. */
static int read_answer_to(const struct hostile_request *request, const char *text, size_t length,
                          size_t *used, int *status)
{
    size_t used_with_body;
    int r = read_answer(text, length, request->is_head, used, status);

    if (r == RESPONSE_END && request->is_head && is_farewell(*status, 0) &&
        read_answer(text, length, false, &used_with_body, status) == RESPONSE_END && used_with_body == length)
        *used = length;
    return r;
}

void client_check(const struct hostile_client *client)
{
    static const struct hostile_request nothing;
    const char *text = client->seen.data;
    size_t left = client->seen.len, count = 0, used;
    int r = RESPONSE_END, status = 0;

    while (left > 0 && r == RESPONSE_END && status != 101 && !may_have_said_head(client)) {
        bool is_asked_for = count < answers_max(client);
        const struct hostile_request *request =
            is_asked_for && !client->is_raw ? &client->requests[count] : &nothing;

        r = read_answer_to(request, text, left, &used, &status);
        must(r >= 0 && (is_asked_for || is_farewell(status, left - used)));
        if (!client->is_raw && !client->watches)
            check_marks(text, used, request->mark);
        text += used;
        left -= used;
        count++;
    }
    if (client->is_raw || client->has_ended || r != RESPONSE_END || status == 101)
        return; /* what it has got may end anywhere, or the last answer is a stream */
    if (count < client->count)
        fprintf(stderr, "client %u has got %zu answers of %u:\n%.*s\n", client->number, count, client->count,
                (int)client->seen.len, client->seen.data);
    must(count == client->count);
}

void client_check_lacks(const struct hostile_client *client, const char *text)
{
    must(!memmem(client->seen.data ? client->seen.data : "", client->seen.len, text, strlen(text)));
}

void client_check_apart(const struct hostile_client *client, const struct hostile_client *other)
{
    if (!client->watches)
        client_check_lacks(client, other->mark_prefix);
}

void client_free(struct hostile_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    fifo_free(&client->out);
    buf_free(&client->said);
    buf_free(&client->seen);
}
