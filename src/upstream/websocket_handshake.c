/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/websocket_handshake.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <sys/random.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, section 1.3 */

#define NONCE_BYTES 16

void handshake_accept(const char *key, char ret[HANDSHAKE_ACCEPT_CHARS + 1])
{
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx sha1;

    sha1_init(&sha1);
    sha1_update(&sha1, strlen(key), (const uint8_t *)key);
    sha1_update(&sha1, strlen(GUID), (const uint8_t *)GUID);
    sha1_digest(&sha1, sizeof(digest), digest);
    base64_encode_raw(ret, sizeof(digest), digest);
    ret[HANDSHAKE_ACCEPT_CHARS] = '\0';
}

static int make_key(char ret[HANDSHAKE_KEY_CHARS + 1])
{
    uint8_t nonce[NONCE_BYTES];

    if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
        return -EIO;
    base64_encode_raw(ret, sizeof(nonce), nonce);
    ret[HANDSHAKE_KEY_CHARS] = '\0';
    return 0;
}

static int add(struct handshake *handshake, const char *line)
{
    const char *colon = strchr(line, ':');
    const char *value;

    if (!colon)
        return -EINVAL;
    value = colon + 1 + strspn(colon + 1, " ");
    handshake->asked_for_protocol |= header_is(line, "Sec-WebSocket-Protocol");
    handshake->asked_for_extensions |= header_is(line, "Sec-WebSocket-Extensions");
    return headers_add(&handshake->lines, line, (size_t)(colon - line), value, strlen(value));
}

static int make_list(struct handshake *handshake)
{
    size_t count = 0;
    const char *line;

    handshake->list = calloc(handshake->lines.count + 1, sizeof(*handshake->list));
    if (!handshake->list)
        return -ENOMEM;
    for (line = headers_next(&handshake->lines, NULL); line; line = headers_next(&handshake->lines, line))
        handshake->list[count++] = line;
    return 0;
}

int handshake_begin(struct handshake *handshake, const char *const *headers)
{
    static const char *const own[] = {"Upgrade: websocket", "Connection: Upgrade",
                                      "Sec-WebSocket-Version: 13"};
    int r = make_key(handshake->key);
    size_t i;

    handshake->lines = (struct headers){BUF_INIT(HANDSHAKE_REQUEST_BYTES), 0};
    for (i = 0; r == 0 && i < ARRAY_SIZE(own); i++)
        r = add(handshake, own[i]);
    if (r == 0)
        r = headers_add(&handshake->lines, "Sec-WebSocket-Key", strlen("Sec-WebSocket-Key"), handshake->key,
                        HANDSHAKE_KEY_CHARS);
    for (; r == 0 && headers && *headers; headers++)
        r = add(handshake, *headers);
    return r == 0 ? make_list(handshake) : r;
}

void handshake_free(struct handshake *handshake)
{
    buf_free_secret(&handshake->lines.text);
    free(TAKE_PTR(handshake->list));
}

/* Whether the list in the headers called NAME contains TOKEN. */
static bool header_has_token(const struct headers *headers, const char *name, const char *token)
{
    const char *line;

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (header_is(line, name) && header_list_contains(header_value(line), token))
            return true;
    return false;
}

/* RFC 6455, section 4.1. */
const char *handshake_fault(const struct handshake *handshake, const struct headers *response)
{
    const char *accept = headers_find(response, "Sec-WebSocket-Accept");
    char expected[HANDSHAKE_ACCEPT_CHARS + 1];

    handshake_accept(handshake->key, expected);
    if (!header_has_token(response, "Upgrade", "websocket"))
        return "its Upgrade is not websocket";
    if (!header_has_token(response, "Connection", "upgrade"))
        return "its Connection is not upgrade";
    if (!accept || strcmp(accept, expected) != 0)
        return "its Sec-WebSocket-Accept is not the answer to the key";
    if (!handshake->asked_for_extensions && headers_find(response, "Sec-WebSocket-Extensions"))
        return "it has an extension that was not asked for";
    if (!handshake->asked_for_protocol && headers_find(response, "Sec-WebSocket-Protocol"))
        return "it has a protocol that was not asked for";
    return NULL;
}
