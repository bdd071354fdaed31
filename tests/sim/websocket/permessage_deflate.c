/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/websocket/permessage_deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char tail[] = {0, 0, 0xff, 0xff}; /* the end of every message, which is not sent */

const char *deflate_answer(const char *offer)
{
    if (!offer || !strcasestr(offer, "permessage-deflate") || strcasestr(offer, "server_max_window_bits"))
        return NULL;
    if (strcasestr(offer, "server_no_context_takeover"))
        return "permessage-deflate;server_no_context_takeover";
    return strcasestr(offer, "client_max_window_bits") ? "permessage-deflate;client_max_window_bits=15"
                                                       : "permessage-deflate";
}

void deflater_start(struct deflater *d, const char *answer)
{
    if (!answer)
        return;
    d->on = true;
    d->forgets = strstr(answer, "server_no_context_takeover") != NULL;
    inflateInit2(&d->in, -MAX_WBITS);
    deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

void deflater_stop(struct deflater *d)
{
    if (!d->on)
        return;
    inflateEnd(&d->in);
    deflateEnd(&d->out);
    d->on = false;
}

char *deflater_compress(struct deflater *d, const char *text, size_t n, size_t *ret_len)
{
    size_t most = deflateBound(&d->out, n) + 64;
    char *data = xcalloc(most, 1);

    if (d->forgets)
        deflateReset(&d->out);
    d->out.next_in = (Bytef *)(uintptr_t)text;
    d->out.avail_in = (uInt)n;
    d->out.next_out = (Bytef *)data;
    d->out.avail_out = (uInt)most;
    deflate(&d->out, Z_SYNC_FLUSH);
    *ret_len = most - d->out.avail_out - sizeof(tail);
    return data;
}

static int expand(struct deflater *d, const unsigned char *data, size_t n, struct buf *out)
{
    unsigned char chunk[4096];
    int r;

    d->in.next_in = (Bytef *)(uintptr_t)data;
    d->in.avail_in = (uInt)n;
    do {
        d->in.next_out = chunk;
        d->in.avail_out = sizeof(chunk);
        r = inflate(&d->in, Z_SYNC_FLUSH);
        if (r != Z_OK && r != Z_BUF_ERROR)
            return -EBADMSG;
        r = buf_append(out, chunk, sizeof(chunk) - d->in.avail_out);
    } while (r == 0 && d->in.avail_out == 0);
    return r;
}

int deflater_expand(struct deflater *d, const unsigned char *data, size_t n, struct buf *out)
{
    int r = expand(d, data, n, out);

    return r < 0 ? r : expand(d, tail, sizeof(tail), out);
}
