/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/websocket/websocket_handshake.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

#include "sim/controller/controller_mapping.h"
#include "sim/websocket/websocket_session.h"

enum {
    ACCEPT_LENGTH = BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE),
};

/* The thread of the connection: here until the WebSocket has ended. */
static void websocket_upgraded(void *arg, struct MHD_Connection *mhd, void *context, const char *extra,
                               size_t extra_len, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    struct sim *sim = arg;
    const struct request *rq = context;
    const char *token = request_param(rq, "token");

    (void)mhd;
    pthread_mutex_lock(&sim->lock);
    struct websocket *ws = websocket_open(sim, rq, fd, extra ? extra : "", extra_len);
    if (!streq(rq->path, "/api/ws") && !streq(rq->vars[0], "telemetry"))
        websocket_send_close(ws, 1007, "Unknown session type");
    else if (token)
        websocket_authenticate(ws, token, 1011);
    pthread_mutex_unlock(&sim->lock);
    websocket_serve(ws);
    MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
}

/* RFC 6455, section 4.2.2. */
static void accept_key(const char *key, char ret[ACCEPT_LENGTH + 1])
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx ctx;

    sha1_init(&ctx);
    sha1_update(&ctx, strlen(key), (const uint8_t *)key);
    sha1_update(&ctx, sizeof(suffix) - 1, (const uint8_t *)suffix);
    sha1_digest(&ctx, sizeof(digest), digest);
    base64_encode_raw(ret, sizeof(digest), digest);
    ret[ACCEPT_LENGTH] = '\0';
}

struct MHD_Response *websocket_handshake_response(struct sim *sim, const struct request *rq)
{
    const char *extension = deflate_answer(request_header(rq, "Sec-WebSocket-Extensions"));
    struct MHD_Response *response = MHD_create_response_for_upgrade(websocket_upgraded, sim);
    char accepted[ACCEPT_LENGTH + 1];

    if (!response)
        return NULL;
    accept_key(request_header(rq, "Sec-WebSocket-Key"), accepted);
    MHD_add_response_header(response, "Upgrade", "websocket");
    MHD_add_response_header(response, "Sec-WebSocket-Accept", accepted);
    if (extension)
        MHD_add_response_header(response, "Sec-WebSocket-Extensions", extension);
    return response;
}

void web_socket(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *upgrade = request_header(rq, "Upgrade");

    (void)sim;
    if (upgrade && strcasecmp(upgrade, "websocket") == 0 && request_header(rq, "Sec-WebSocket-Key")) {
        reply_empty(rp, 101);
        rp->upgrade = true;
        return;
    }
    reply_text(rp, 400, "Can \"Upgrade\" only to \"WebSocket\".");
    rp->content_type = NULL;
}
