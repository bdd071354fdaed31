/* SPDX-License-Identifier: Apache-2.0 */
/* Every image is the tenant's, and its own preview. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"
#include "sim/http/file_download.h"
#include "sim/http/multipart_body.h"

enum {
    PUBLIC_KEY = 32, /* characters */
};

static unsigned big_endian(const char *data)
{
    const unsigned char *c = (const unsigned char *)data;

    return (unsigned)c[0] << 24 | (unsigned)c[1] << 16 | (unsigned)c[2] << 8 | c[3];
}

/* A numeric attribute of the first element of an SVG; 0 if it is absent. */
static int attribute(const struct part *file, const char *name)
{
    const char *end = memchr(file->data, '>', file->len);
    const char *at = end ? memmem(file->data, (size_t)(end - file->data), name, strlen(name)) : NULL;

    return at ? atoi(at + strlen(name)) : 0;
}

/* 0 by 0 for formats other than PNG and SVG. */
static void measure(const struct part *file, const char *media, int *ret_width, int *ret_height)
{
    *ret_width = *ret_height = 0;
    if (streq(media, "image/svg+xml")) {
        *ret_width = attribute(file, " width=\"");
        *ret_height = attribute(file, " height=\"");
    } else if (file->len >= 24 && memcmp(file->data, "\x89PNG\r\n\x1a\n", 8) == 0) {
        *ret_width = (int)big_endian(file->data + 16);
        *ret_height = (int)big_endian(file->data + 20);
    }
}

static json_t *describe(const struct part *file, const char *media, const char *etag)
{
    int width, height;

    measure(file, media, &width, &height);
    json_t *preview = json_pack("{s:s, s:i, s:i, s:I, s:s}", "mediaType", media, "width", width, "height",
                                height, "size", (json_int_t)file->len, "etag", etag);
    json_t *descriptor = json_copy(preview);
    json_put(descriptor, "previewDescriptor", preview);
    return descriptor;
}

/* The first free key of pic.png, pic_(1).png, ... Freed with free(). */
static char *free_key(const struct sim *sim, const char *filename)
{
    const char *dot = strrchr(filename, '.');
    int stem = (int)(dot ? (size_t)(dot - filename) : strlen(filename));
    char *key = xstrdup(filename);

    for (int i = 1; store_find_name(&sim->store, ENTITY_RESOURCE, key); i++) {
        free(key);
        key = xasprintf("%.*s_(%d)%s", stem, filename, i, dot ? dot : "");
    }
    return key;
}

static char *part_text(const struct parts *parts, const char *name)
{
    const struct part *part = parts_find(parts, name);

    return part && part->len > 0 ? bytes_to_utf8(part->data, part->len) : NULL;
}

/* Stores the file and sets the members of the document that depend on it. False: the reply is a refusal. */
static bool set_file(struct sim *sim, struct reply *rp, struct entity *e, const struct part *file)
{
    const char *media = file->type ? file->type : "application/octet-stream";
    char etag[SHA256_TEXT];

    if (store_set_data(&sim->store, e, file->data, file->len) < 0) {
        reply_full(rp);
        return false;
    }
    sha256_text(file->data, file->len, etag);
    json_put(e->doc, "etag", json_string(etag));
    json_put(e->doc, "fileName", json_text(file->filename ? file->filename : "file"));
    json_put(e->doc, "descriptor", describe(file, media, etag));
    return true;
}

static json_t *new_doc(const struct sim *sim, const struct entity *e, const char *title, const char *sub_type,
                       const char *key)
{
    CLEANUP(free_pointer) char *link = xasprintf("/api/images/tenant/%s", key);
    CLEANUP(free_pointer) char *public_link = xasprintf("/api/images/public/%s", e->token);

    return json_pack("{s:o, s:I, s:o, s:o, s:s, s:s, s:o, s:s, s:n, s:n, s:n, s:n, s:o, s:b, s:o, s:s}", "id",
                     json_entity_id("TB_RESOURCE", e->id), "createdTime", (json_int_t)e->created, "tenantId",
                     json_entity_id("TENANT", sim->store.tenant->id), "title", json_text(title),
                     "resourceType", "IMAGE", "resourceSubType", sub_type, "resourceKey", json_text(key),
                     "publicResourceKey", e->token, "etag", "fileName", "descriptor", "externalId", "name",
                     json_text(title), "public", 1, "link", json_text(link), "publicLink", public_link);
}

static void create(struct sim *sim, struct request *rq, struct reply *rp, const struct part *file,
                   const char *title, const char *sub_type)
{
    struct entity *e = store_add(&sim->store, ENTITY_RESOURCE, rq->now);
    const char *filename = file->filename ? file->filename : "file";
    char public_key[PUBLIC_KEY + 1];

    if (!e) {
        reply_full(rp);
        return;
    }
    CLEANUP(free_pointer) char *key = free_key(sim, filename);
    random_text(public_key, PUBLIC_KEY);
    store_set_token(&sim->store, e, public_key);
    e->doc = new_doc(sim, e, title ? title : filename, sub_type, key);
    store_set_name(&sim->store, e, NULL, key);
    if (set_file(sim, rp, e, file))
        reply_json(rp, json_incref(e->doc));
    else
        store_remove(&sim->store, e);
}

/* The part "file". NULL: the reply is a refusal. */
static const struct part *file_part(struct request *rq, struct reply *rp, struct parts *parts)
{
    parts_parse(rq, parts);
    const struct part *file = parts_find(parts, "file");
    if (!file)
        reply_error(rp, 500, ERROR_GENERAL, "Required part 'file' is not present.");
    return file;
}

void upload_image(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(parts_free) struct parts parts = {};
    const struct part *file = file_part(rq, rp, &parts);
    CLEANUP(free_pointer) char *title = part_text(&parts, "title");
    CLEANUP(free_pointer) char *sub_type = part_text(&parts, "imageSubType");

    if (file && sub_type && !streq(sub_type, "IMAGE") && !streq(sub_type, "SCADA_SYMBOL"))
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS,
                    "No enum constant org.thingsboard.server.common.data.ResourceSubType.%s", sub_type);
    else if (file)
        create(sim, rq, rp, file, title, sub_type ? sub_type : "IMAGE");
}

/* The image of .../{type}/{key}...; NULL: the reply is a refusal. */
static struct entity *image(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = NULL;

    if (streq(rq->vars[0], "tenant")) {
        e = store_find_name(&sim->store, ENTITY_RESOURCE, rq->vars[1]);
    } else if (!streq(rq->vars[0], "system")) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Invalid image URL");
        return NULL;
    }
    if (!e)
        reply_item_not_found(rp);
    return e;
}

void update_image(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = image(sim, rq, rp);
    CLEANUP(parts_free) struct parts parts = {};
    const struct part *file = e ? file_part(rq, rp, &parts) : NULL;

    if (file && set_file(sim, rp, e, file))
        reply_json(rp, json_incref(e->doc));
}

void get_image_info(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = image(sim, rq, rp);

    if (e)
        reply_json(rp, json_incref(e->doc));
}

void delete_image(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = image(sim, rq, rp);

    if (!e)
        return;
    store_remove(&sim->store, e);
    reply_json(rp, json_pack("{s:b, s:n}", "success", 1, "references"));
}

/* gzip as java.util.zip writes it. Freed with free(). */
static char *compress_file(const struct entity *e, size_t *ret_len)
{
    gz_header header = {.os = 255};
    z_stream z = {};

    deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    deflateSetHeader(&z, &header);
    size_t most = deflateBound(&z, e->data_len) + 64;
    char *out = xcalloc(most, 1);
    z.next_in = (Bytef *)e->data;
    z.avail_in = (uInt)e->data_len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)most;
    deflate(&z, Z_FINISH);
    *ret_len = z.total_out;
    deflateEnd(&z);
    return out;
}

static void download(struct request *rq, struct reply *rp, const struct entity *e, bool named)
{
    const char *codings = request_header(rq, "Accept-Encoding");
    const char *media = json_str(json_object_get(e->doc, "descriptor"), "mediaType");
    bool compressed = codings && strstr(codings, "gzip") && streq(media, "image/svg+xml");
    struct file file = {
        .data = e->data,
        .len = e->data_len,
        .media = media,
        .filename = named ? json_str(e->doc, "fileName") : NULL,
        .etag = json_str(e->doc, "etag"),
    };
    CLEANUP(free_pointer) char *bytes = compressed ? compress_file(e, &file.len) : NULL;

    if (bytes)
        file.data = bytes;
    reply_file(rq, rp, &file);
    if (bytes && rp->body)
        reply_header(rp, "Content-Encoding", "gzip");
}

void download_image(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = image(sim, rq, rp);

    if (e)
        download(rq, rp, e, true);
}

void download_public_image(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = map_get(&sim->store.by_token, rq->vars[0]);

    if (e && e->type == ENTITY_RESOURCE)
        download(rq, rp, e, false);
    else
        reply_item_not_found(rp);
}
