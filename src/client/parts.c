/* SPDX-License-Identifier: Apache-2.0 */
#include "client/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "client/error.h"

static const char line_end[] = "\r\n";

/* 128 random bits: no content contains them, so none has to be searched for the boundary. */
static int draw_boundary(char *ret)
{
    unsigned char random[PARTS_BOUNDARY_MAX / 2];
    size_t i;

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return -EIO;
    for (i = 0; i < sizeof(random); i++)
        snprintf(ret + 2 * i, sizeof("00"), "%02x", random[i]);
    return 0;
}

int parts_begin(struct parts *parts, tb_error *err)
{
    parts->count = 0;
    parts->failure = (tb_error)TB_ERROR_INIT;
    if (draw_boundary(parts->boundary) < 0)
        return FAIL(err, TB_ERROR_SYSTEM, -EIO, "the system has no random numbers");
    snprintf(parts->end, sizeof(parts->end), "\r\n--%s--\r\n", parts->boundary);
    parts->length = (int64_t)(strlen(parts->end) - strlen(line_end));
    return parts_rewind(parts);
}

static void free_part(struct part *part)
{
    buf_free(&part->head);
    free(part->owned);
    close_fd(&part->fd);
}

void parts_free(struct parts *parts)
{
    size_t i;

    for (i = 0; i < parts->count; i++)
        free_part(&parts->items[i]);
    parts->count = 0;
}

/* Without waiting for the writer of a FIFO. */
static int open_file(struct part *part, tb_error *err)
{
    struct stat status;

    part->fd = open(part->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (part->fd < 0 || fstat(part->fd, &status) < 0)
        return FAIL(err, TB_ERROR_SYSTEM, -errno, "%s: %s: %s", part->name, part->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return FAIL(err, TB_ERROR_SYSTEM, -EINVAL, "%s: %s is not a regular file", part->name, part->path);
    part->length = status.st_size;
    return 0;
}

/* As browsers do (HTML, "multipart/form-data encoding algorithm"): what would end the string or the line. */
static int append_escaped(struct buf *out, const char *text)
{
    int r = 0;

    while (r == 0 && *text) {
        size_t plain = strcspn(text, "\"\r\n");

        r = buf_append(out, text, plain);
        text += plain;
        if (r == 0 && *text)
            r = buf_append_format(out, "%%%02X", (unsigned)*text++);
    }
    return r;
}

static int write_head(struct buf *head, const char *boundary, const char *name, const tb_part *part)
{
    int r = buf_append_format(head, "\r\n--%s\r\nContent-Disposition: form-data; name=\"", boundary);

    if (r == 0)
        r = append_escaped(head, name);
    if (r == 0 && part->name)
        r = buf_append_string(head, "\"; filename=\"");
    if (r == 0 && part->name)
        r = append_escaped(head, part->name);
    if (r == 0 && part->content_type)
        r = buf_append_format(head, "\"\r\nContent-Type: %s", part->content_type);
    else if (r == 0)
        r = buf_append_string(head, "\"");
    return r < 0 ? r : buf_append_string(head, "\r\n\r\n");
}

static bool is_one_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static int fill(struct part *part, const char *boundary, const tb_part *from, tb_error *err)
{
    int r = part->path ? open_file(part, err) : 0;

    if (r < 0)
        return r;
    if ((uint64_t)part->length > PARTS_CONTENT_LENGTH_MAX) /* also the size_t that int64_t does not hold */
        return FAIL(err, TB_ERROR_USAGE, -EFBIG, "%s: is too large", part->name);
    if (from->content_type && !is_one_line(from->content_type))
        return FAIL(err, TB_ERROR_USAGE, -EINVAL, "%s: the content type must be one line", part->name);
    return write_head(&part->head, boundary, part->name, from) < 0 ? FAIL_MEMORY(err) : 0;
}

int parts_add(struct parts *parts, const char *name, const tb_part *part, char *owned, tb_error *err)
{
    struct part item = {
        .name = name,
        .path = part->file,
        .head = BUF_INIT(SIZE_MAX / 2),
        .data = part->data,
        .owned = owned,
        .fd = -1,
        .length = (int64_t)part->length,
    };
    int r = parts->count < PARTS_MAX ? fill(&item, parts->boundary, part, err)
                                     : FAIL(err, TB_ERROR_USAGE, -EMSGSIZE, "more than %d parts", PARTS_MAX);

    if (r < 0) {
        free_part(&item);
        return r;
    }
    parts->items[parts->count++] = item;
    parts->length += (int64_t)item.head.len + item.length;
    return 0;
}

/* Copies what comes at AT of the LENGTH bytes FROM, MAX bytes at most; returns how many. */
static ssize_t copy(void *to, size_t max, const void *from, int64_t length, int64_t at)
{
    size_t left = (size_t)(length - at);
    size_t count = left < max ? left : max;

    if (count > 0)
        memcpy(to, (const char *)from + at, count);
    return (ssize_t)count;
}

#define SIZE_CHANGED (-EMSGSIZE) /* no error of fstat() or pread() */

static ssize_t read_file(const struct part *part, void *data, size_t max, int64_t at)
{
    size_t left = (size_t)(part->length - at);
    struct stat status;
    ssize_t n;

    if (left == 0) {
        if (fstat(part->fd, &status) < 0)
            return -errno;
        return status.st_size == part->length ? 0 : SIZE_CHANGED;
    }
    n = pread(part->fd, data, left < max ? left : max, at);
    return n < 0 ? -errno : n == 0 ? SIZE_CHANGED : n;
}

/* Returns how many bytes of the item were read, or 0 at its end. */
static ssize_t read_item(const struct parts *parts, void *data, size_t max)
{
    const struct part *part = &parts->items[parts->index];
    int64_t head_length;

    if (parts->index == parts->count)
        return copy(data, max, parts->end, (int64_t)strlen(parts->end), parts->sent);
    head_length = (int64_t)part->head.len;
    if (parts->sent < head_length)
        return copy(data, max, part->head.data, head_length, parts->sent);
    if (part->fd >= 0)
        return read_file(part, data, max, parts->sent - head_length);
    return copy(data, max, part->data, part->length, parts->sent - head_length);
}

static int fail(struct parts *parts, int error)
{
    const struct part *part = &parts->items[parts->index];

    return FAIL(&parts->failure, TB_ERROR_SYSTEM, error, "%s: %s: %s", part->name, part->path,
                error == SIZE_CHANGED ? "its size changed while it was sent" : strerror(-error));
}

int parts_read(struct parts *parts, void *data, size_t max, size_t *ret)
{
    size_t done = 0;

    if (parts->failure.code < 0)
        return parts->failure.code;
    while (done < max && parts->index <= parts->count) {
        ssize_t n = read_item(parts, (char *)data + done, max - done);

        if (n < 0)
            return fail(parts, (int)n);
        done += (size_t)n;
        parts->sent += n;
        if (n == 0) {
            parts->index++;
            parts->sent = 0;
        }
    }
    *ret = done;
    return 0;
}

int64_t parts_sent(const struct parts *parts)
{
    int64_t sent = parts->sent - (int64_t)strlen(line_end);
    size_t i;

    for (i = 0; i < parts->index && i < parts->count; i++)
        sent += (int64_t)parts->items[i].head.len + parts->items[i].length;
    return parts->index > parts->count ? parts->length : sent;
}

int parts_rewind(struct parts *parts)
{
    parts->index = 0;
    parts->sent = (int64_t)strlen(line_end); /* a delimiter begins with the end of the part before it */
    return parts->failure.code;
}
