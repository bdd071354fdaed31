/* SPDX-License-Identifier: Apache-2.0 */
/* A package is described first, and uploaded then. */
#include <nettle/md5.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "sim/controller/controller_mapping.h"
#include "sim/entity/entity_access.h"
#include "sim/http/file_download.h"
#include "sim/http/multipart_body.h"

enum {
    CHECKSUM_TEXT = 2 * SHA512_DIGEST_SIZE + 1,
};

static json_t *new_doc(const struct sim *sim, const struct request *rq, const struct entity *e,
                       const char *title)
{
    return json_pack(
        "{s:o, s:I, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:b, s:n, s:n, s:n, s:n, s:n, s:n, s:s, s:o}", "id",
        json_entity_id("OTA_PACKAGE", e->id), "createdTime", (json_int_t)e->created, "tenantId",
        json_entity_id("TENANT", sim->store.tenant->id), "deviceProfileId",
        entity_any_field(rq, "deviceProfileId"), "type", entity_any_field(rq, "type"), "title", title,
        "version", entity_any_field(rq, "version"), "tag", entity_any_field(rq, "tag"), "url",
        entity_any_field(rq, "url"), "hasData", 0, "fileName", "contentType", "checksumAlgorithm", "checksum",
        "dataSize", "externalId", "name", title, "additionalInfo", entity_any_field(rq, "additionalInfo"));
}

void save_ota_package(struct sim *sim, struct request *rq, struct reply *rp)
{
    const char *title = json_str(rq->json, "title");

    if (!title || !*title) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "OtaPackage title should be specified!");
        return;
    }
    struct entity *e = store_add(&sim->store, ENTITY_OTA_PACKAGE, rq->now);
    if (!e) {
        reply_full(rp);
        return;
    }
    e->doc = new_doc(sim, rq, e, title);
    reply_json(rp, json_incref(e->doc));
}

/* False: the algorithm is not known here (MURMUR3_32, MURMUR3_128). */
static bool checksum(const char *algorithm, const struct part *file, char ret[CHECKSUM_TEXT])
{
    uint8_t digest[SHA512_DIGEST_SIZE];
    const uint8_t *data = (const uint8_t *)file->data;

    if (streq(algorithm, "SHA256")) {
        sha256_text(data, file->len, ret);
    } else if (streq(algorithm, "SHA384") || streq(algorithm, "SHA512")) {
        size_t size = streq(algorithm, "SHA384") ? SHA384_DIGEST_SIZE : SHA512_DIGEST_SIZE;
        struct sha512_ctx ctx;

        (size == SHA384_DIGEST_SIZE ? sha384_init : sha512_init)(&ctx);
        sha512_update(&ctx, file->len, data);
        (size == SHA384_DIGEST_SIZE ? sha384_digest : sha512_digest)(&ctx, size, digest);
        hex_text(digest, size, ret);
    } else if (streq(algorithm, "MD5")) {
        struct md5_ctx ctx;

        md5_init(&ctx);
        md5_update(&ctx, file->len, data);
        md5_digest(&ctx, MD5_DIGEST_SIZE, digest);
        hex_text(digest, MD5_DIGEST_SIZE, ret);
    } else if (streq(algorithm, "CRC32")) {
        snprintf(ret, CHECKSUM_TEXT, "%08lx", crc32(0, data, (uInt)file->len));
    } else {
        return false;
    }
    return true;
}

/* The checksum of the package: that of the client if the algorithm is not known. NULL: it does not match the
 * file. */
static const char *check(const struct request *rq, const char *algorithm, const struct part *file,
                         char computed[CHECKSUM_TEXT])
{
    const char *given = request_param(rq, "checksum");

    if (!checksum(algorithm, file, computed))
        return given ? given : "";
    return !given || !*given || streq(given, computed) ? computed : NULL;
}

static void set_file(struct sim *sim, struct request *rq, struct reply *rp, struct entity *e,
                     const struct part *file)
{
    const char *algorithm = request_param(rq, "checksumAlgorithm");
    char computed[CHECKSUM_TEXT];
    const char *sum = check(rq, algorithm, file, computed);

    if (!sum) {
        reply_error(rp, 400, ERROR_BAD_REQUEST_PARAMS, "Wrong otaPackage file!");
        return;
    }
    if (store_set_data(&sim->store, e, file->data, file->len) < 0) {
        reply_full(rp);
        return;
    }
    json_put(e->doc, "hasData", json_true());
    json_put(e->doc, "fileName", json_text(file->filename ? file->filename : "file"));
    json_put(e->doc, "contentType", json_text(file->type ? file->type : "application/octet-stream"));
    json_put(e->doc, "checksumAlgorithm", json_text(algorithm));
    json_put(e->doc, "checksum", json_text(sum));
    json_put(e->doc, "dataSize", json_integer((json_int_t)file->len));
    reply_json(rp, json_incref(e->doc));
}

void save_ota_package_data(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(parts_free) struct parts parts = {};

    if (!request_param(rq, "checksumAlgorithm")) {
        reply_error(rp, 500, ERROR_GENERAL,
                    "Required request parameter 'checksumAlgorithm' for method parameter type String is not "
                    "present");
        return;
    }
    struct entity *e = entity_var(sim, rq, rp, ENTITY_OTA_PACKAGE, 0);
    if (!e)
        return;
    parts_parse(rq, &parts);
    const struct part *file = parts_find(&parts, "file");
    if (file)
        set_file(sim, rq, rp, e, file);
    else
        reply_error(rp, 500, ERROR_GENERAL, "Required part 'file' is not present.");
}

void download_ota_package(struct sim *sim, struct request *rq, struct reply *rp)
{
    const struct entity *e = entity_var(sim, rq, rp, ENTITY_OTA_PACKAGE, 0);

    if (!e)
        return;
    if (!e->data) {
        reply_error(rp, 500, ERROR_GENERAL,
                    "Cannot invoke \"java.nio.ByteBuffer.array()\" because the return value of "
                    "\"org.thingsboard.server.common.data.OtaPackage.getData()\" is null");
        return;
    }
    struct file file = {
        .data = e->data,
        .len = e->data_len,
        .media = json_str(e->doc, "contentType"),
        .filename = json_str(e->doc, "fileName"),
    };
    reply_file(rq, rp, &file);
}

void delete_ota_package(struct sim *sim, struct request *rq, struct reply *rp)
{
    struct entity *e = entity_var(sim, rq, rp, ENTITY_OTA_PACKAGE, 0);

    if (!e)
        return;
    store_remove(&sim->store, e);
    reply_empty(rp, 200);
}
