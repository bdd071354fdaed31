/* SPDX-License-Identifier: Apache-2.0 */
/* What tbproxyd asks over HTTP/2. */
#include <arpa/inet.h>

#include "fuzz.h"
#include "hostile_asked.h"

#define FRAME_HEAD 9
#define FRAME_MAX  16384

static uint32_t number(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return ntohl(value);
}

/* The request on the stream ID; NULL: it is not open. */
static struct asked *find(struct served *served, int32_t id)
{
    size_t i;

    for (i = 0; i < SERVER_STREAMS; i++)
        if (served->asked[i].is_open && served->asked[i].id == id)
            return &served->asked[i];
    return NULL;
}

/* NULL: there are too many. */
static struct asked *begin(struct served *served, int32_t id)
{
    size_t i;

    must(id > served->last_id && id % 2 == 1);
    served->last_id = id;
    for (i = 0; i < SERVER_STREAMS; i++)
        if (!served->asked[i].is_open) {
            served->asked[i] = (struct asked){.is_open = true, .id = id};
            return &served->asked[i];
        }
    return NULL;
}

static void note_field(struct asked *asked, const nghttp2_nv *field)
{
    if (field->namelen == 7 && memcmp(field->name, ":method", 7) == 0)
        asked->is_head = field->valuelen == 4 && memcmp(field->value, "HEAD", 4) == 0;
    if (field->namelen == 5 && memcmp(field->name, ":path", 5) == 0)
        snprintf(asked->path, sizeof(asked->path), "%.*s", (int)field->valuelen, field->value);
    asked_find_mark(asked, (const char *)field->value, field->valuelen);
}

/* The whole block is read in any case: the table of the inflater goes on. */
static void read_block(struct served *served, struct asked *asked)
{
    const uint8_t *at = (const uint8_t *)served->block.data;
    size_t left = served->block.len;
    int flags = 0;

    while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        nghttp2_nv field;
        ssize_t n = nghttp2_hd_inflate_hd2(served->inflater, &field, &flags, at, left, 1);

        must(n >= 0);
        at += n;
        left -= (size_t)n;
        if (asked && flags & NGHTTP2_HD_INFLATE_EMIT)
            note_field(asked, &field);
    }
    nghttp2_hd_inflate_end_headers(served->inflater);
    buf_clear(&served->block);
}

static void read_of_stream(struct served *served, const uint8_t *frame, size_t length)
{
    unsigned type = frame[3], flags = frame[4];
    int32_t id = (int32_t)number(frame + 5);
    const char *payload = (const char *)frame + FRAME_HEAD;
    struct asked *asked = find(served, id);

    if (type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION) {
        must(!(flags & (NGHTTP2_FLAG_PADDED | NGHTTP2_FLAG_PRIORITY)));
        must(buf_append(&served->block, payload, length) == 0);
        if (type == NGHTTP2_HEADERS)
            asked = begin(served, id);
        if (flags & NGHTTP2_FLAG_END_HEADERS)
            read_block(served, asked);
    } else if (type == NGHTTP2_DATA && asked) {
        asked_find_mark(asked, payload, length);
    } else if (type == NGHTTP2_RST_STREAM && asked) {
        asked->is_open = false;
    }
}

/* Returns the bytes of the first frame; 0: it is not whole. */
static size_t read_frame(struct served *served)
{
    const uint8_t *frame = (const uint8_t *)fifo_data(&served->in);
    size_t size = fifo_length(&served->in);
    size_t length = size < FRAME_HEAD ? 0 : (size_t)(frame[0] << 16 | frame[1] << 8 | frame[2]);

    if (size < FRAME_HEAD + length)
        return 0;
    must(length <= FRAME_MAX || served->is_raw); /* it may have allowed more */
    if (number(frame + 5) != 0)
        read_of_stream(served, frame, length);
    else if (frame[3] == NGHTTP2_SETTINGS && !(frame[4] & NGHTTP2_FLAG_ACK))
        server_say_frame(served, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "", 0);
    else if (frame[3] == NGHTTP2_PING && !(frame[4] & NGHTTP2_FLAG_ACK))
        server_say_frame(served, NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, frame + FRAME_HEAD, length);
    return FRAME_HEAD + length;
}

void asked_read_frames(struct served *served)
{
    size_t length = 1;

    if (!served->has_preface && fifo_length(&served->in) >= NGHTTP2_CLIENT_MAGIC_LEN) {
        must(memcmp(fifo_data(&served->in), NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN) == 0);
        fifo_consume(&served->in, NGHTTP2_CLIENT_MAGIC_LEN);
        served->has_preface = true;
    }
    while (served->has_preface && length > 0) {
        length = read_frame(served);
        fifo_consume(&served->in, length);
    }
}
