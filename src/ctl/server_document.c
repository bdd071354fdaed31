/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/server_document.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "client/error.h"
#include "client/perform.h"
#include "ctl/daemon_page.h"
#include "ctl/message.h"
#include "ctl/output.h"

#define DOCUMENT_PATH  "/v3/api-docs/thingsboard"
#define TIMEOUT_MS     120000
#define KEY_MAX_BYTES  200 /* of the file's name */
#define FILE_MAX_BYTES (PATH_MAX - KEY_MAX_BYTES)

/* Appends TEXT to KEY with a minus sign for all that is special in names of files. */
static void append_plain(struct buf *key, const char *text)
{
    for (; *text; text++)
        buf_append_format(key, "%c", isalnum((unsigned char)*text) || *text == '.' ? *text : '-');
}

/* Who answers, and the edition and version that it says the server has: without these nothing is kept,
 * because nobody would know when the document changes. */
static int make_key(const struct connection_options *connection, struct buf *key)
{
    json_t *answer = NULL;
    const char *edition, *version;
    long status;

    daemon_page_get(connection, "/-/ready", &status, &answer, NULL);
    edition = json_string_value(json_object_get(answer, "edition"));
    version = json_string_value(json_object_get(answer, "version"));
    if (edition && version) {
        append_plain(key, edition);
        append_plain(key, "-");
        append_plain(key, version);
        append_plain(key, "-");
        append_plain(key, connection->unix_socket ? connection->unix_socket : connection_url(connection));
    }
    json_decref(answer);
    return key->len > 0 && key->len < KEY_MAX_BYTES - strlen(".json") ? 0 : -ENOENT;
}

/* In another's folder, the file could be a link to one that is not ours to write. */
static bool is_own(const char *folder)
{
    struct stat status;

    return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* The folder for caches, as in the XDG Base Directory Specification: only an absolute path counts. */
static int find_folder(char ret[FILE_MAX_BYTES])
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length;

    if (cache && *cache == '/')
        length = snprintf(ret, FILE_MAX_BYTES, "%s", cache);
    else if (home && *home == '/')
        length = snprintf(ret, FILE_MAX_BYTES, "%s/.cache", home);
    else
        return -ENOENT;
    if (length >= FILE_MAX_BYTES - (int)sizeof("/tbproxyctl"))
        return -ENAMETOOLONG;
    mkdir(ret, 0700);
    strncat(ret, "/tbproxyctl", FILE_MAX_BYTES - (size_t)length - 1);
    mkdir(ret, 0700);
    return is_own(ret) ? 0 : -EPERM;
}

/* The file of the document; -ENOENT if it cannot be kept. */
static int find_file(const struct connection_options *connection, char ret[PATH_MAX])
{
    CLEANUP(buf_free) struct buf key = BUF_INIT(PATH_MAX);
    char folder[FILE_MAX_BYTES];
    int r = make_key(connection, &key);

    if (r == 0)
        r = find_folder(folder);
    if (r == 0)
        snprintf(ret, PATH_MAX, "%s/%s.json", folder, key.data);
    return r;
}

static json_t *parse(const char *text, size_t length)
{
    json_t *document = text ? json_loadb(text, length, 0, NULL) : NULL;

    if (json_is_object(document))
        return document;
    json_decref(document);
    return NULL;
}

/* The document in PATH; NULL: there is none, or it is broken. */
static json_t *load(const char *path)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SERVER_DOCUMENT_MAX_BYTES);
    FILE *file = fopen(path, "re");
    char part[65536];
    size_t length;

    if (!file)
        return NULL;
    while ((length = fread(part, 1, sizeof(part), file)) > 0 && buf_append(&text, part, length) == 0)
        continue;
    fclose(file);
    return parse(text.data, text.len);
}

/* What cannot be kept is asked for again. */
static void save(const char *path, const struct buf *text)
{
    struct output output;

    if (output_open(&output, path, NULL) == 0 && output_write(&output, text->data, text->len, false) == 0)
        output_finish(&output, NULL);
    output_close(&output);
}

static int take(void *context, const void *data, size_t length)
{
    struct buf *text = context;

    return buf_append(text, data, length);
}

static int ask(tb_client *client, struct buf *text, struct tb_error *err)
{
    CLEANUP(call_free) struct call call = {.operation = NULL};
    tb_sink sink = {.write = take, .context = text};
    struct answer answer;
    int r = call_from_target(&call, TB_GET, DOCUMENT_PATH, err);

    if (r == 0)
        r = client_enter(client, err);
    if (r < 0)
        return r;
    r = call_perform(&call, client, NULL, &sink, &answer, err);
    client_leave(client);
    if (r == 0)
        answer_free(&answer);
    return r == -EMSGSIZE
               ? FAIL(err, TB_ERROR_DECODE, r, "it has more than %d bytes", SERVER_DOCUMENT_MAX_BYTES)
               : r;
}

static int fetch(const struct connection_options *connection, struct buf *text, struct tb_error *err)
{
    struct connection_options options = *connection;
    tb_client *client = NULL;
    int r;

    say("asking the server for its description of the API; the first time can take half a minute");
    options.timeout_ms = TIMEOUT_MS;
    r = connection_open_client(&options, &client, err);
    if (r == 0)
        r = ask(client, text, err);
    tb_client_close(client);
    return r;
}

int server_document_get(const struct connection_options *connection, json_t **ret, struct tb_error *err)
{
    CLEANUP(buf_free) struct buf text = BUF_INIT(SERVER_DOCUMENT_MAX_BYTES);
    char path[PATH_MAX];
    bool kept = find_file(connection, path) == 0;
    int r;

    *ret = kept ? load(path) : NULL;
    if (*ret)
        return 0;
    r = fetch(connection, &text, err);
    if (r < 0)
        return r;
    *ret = parse(text.data, text.len);
    if (!*ret)
        return FAIL(err, TB_ERROR_DECODE, -EBADMSG, "it is not a JSON object");
    if (kept)
        save(path, &text);
    return 0;
}
