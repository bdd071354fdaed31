/* SPDX-License-Identifier: Apache-2.0 */
#include "http/response_reader.h"

#include <errno.h>
#include <strings.h>

#include "http/field_line.h"

#define CHUNK_SIZE_DIGITS 16 /* as many as fit into 64 bits */

static const char version[] = "HTTP/1."; /* and a digit */
#define VERSION_LENGTH (sizeof(version) - 1)

static const char too_large[] = "the answer's header is larger than the limit";
static const char out_of_memory[] = "there is no memory for the answer's header";

/* What has arrived and is not used. */
struct input {
    const char *at, *end;
};

static int fail(struct response_reader *reader, int error, const char *reason)
{
    reader->reason = reason;
    return error;
}

static int malformed(struct response_reader *reader, const char *reason)
{
    return fail(reader, -EBADMSG, reason);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- what frames the body ---- */

static int note_length(struct response_reader *reader, const char *value)
{
    int64_t length = 0;

    do {
        if (!is_digit(*value) || __builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, *value - '0', &length))
            return malformed(reader, "the answer's Content-Length is invalid");
    } while (*++value);
    if (reader->length >= 0 && reader->length != length)
        return malformed(reader, "the answer's length is unclear");
    reader->length = length;
    return 0;
}

static int note_encoding(struct response_reader *reader, const char *value)
{
    if (reader->is_http_1_0)
        return malformed(reader, "an HTTP/1.0 answer has a Transfer-Encoding");
    if (reader->is_chunked || strcasecmp(value, "chunked") != 0)
        return malformed(reader, "the answer's Transfer-Encoding is not chunked");
    reader->is_chunked = true;
    return 0;
}

static bool is_called(const struct field_line *field, const char *name)
{
    return header_name_is(field->name, field->name_length, name);
}

/* Keeps what frames the body, which saves a search at the end of the header. VALUE: the field's, as a string.
 */
static int note_field(struct response_reader *reader, const struct field_line *field, const char *value)
{
    if (is_called(field, "Content-Length"))
        return note_length(reader, value);
    if (is_called(field, "Transfer-Encoding"))
        return note_encoding(reader, value);
    if (is_called(field, "Connection")) {
        reader->says_close |= header_list_contains(value, "close");
        reader->says_keep_alive |= header_list_contains(value, "keep-alive");
    }
    return 0;
}

/* RFC 9112, section 6.3. */
static enum response_state state_after_header(struct response_reader *reader)
{
    if (reader->is_head || reader->status < 200 || reader->status == 204 || reader->status == 304)
        return RESPONSE_COMPLETE;
    if (reader->is_chunked)
        return RESPONSE_IN_CHUNK_SIZE;
    if (reader->length < 0)
        return RESPONSE_IN_STREAM;
    reader->left = (uint64_t)reader->length;
    return reader->left > 0 ? RESPONSE_IN_BODY : RESPONSE_COMPLETE;
}

/* ---- lines, without their CRLF ---- */

/* A header begins, or a trailer. */
static void begin_section(struct response_reader *reader, enum response_state state)
{
    reader->state = state;
    reader->section_bytes = 0;
    reader->lines = 0;
}

/* LINE begins with version: see is_http(). The reason phrase may be missing, also with its space. */
static int read_status_line(struct response_reader *reader, const char *line, size_t length)
{
    const char *code = line + VERSION_LENGTH + 2;

    if (length < VERSION_LENGTH + 5 || (code[-2] != '0' && code[-2] != '1') || code[-1] != ' ' ||
        !is_digit(code[0]) || code[0] == '0' || !is_digit(code[1]) || !is_digit(code[2]) ||
        (length > VERSION_LENGTH + 5 && code[3] != ' ') || !field_text_is_valid(code, line + length))
        return malformed(reader, "the answer's status line is malformed");
    reader->is_http_1_0 = code[-2] == '0';
    reader->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    reader->is_chunked = reader->says_close = reader->says_keep_alive = false;
    reader->length = -1;
    headers_clear(reader->headers);
    reader->state = RESPONSE_IN_HEADER;
    return RESPONSE_MORE;
}

static int add_field(struct response_reader *reader, const struct field_line *field)
{
    struct headers *headers = reader->headers;
    int r = headers_add(headers, field->name, field->name_length, field->value, field->value_length);

    if (r < 0)
        return fail(reader, r, r == -ENOMEM ? out_of_memory : too_large);
    return note_field(reader, field, headers->text.data + headers->text.len - field->value_length - 1);
}

/* A line of the header, or of the trailer, which is checked and dropped. */
static int read_field(struct response_reader *reader, const char *line, size_t length)
{
    struct field_line field;
    const char *reason = field_line_split(line, length, &field);

    if (reason)
        return malformed(reader, reason);
    if (reader->lines++ == HEADERS_MAX_COUNT)
        return fail(reader, -EMSGSIZE, too_large);
    return reader->state == RESPONSE_IN_HEADER ? add_field(reader, &field) : RESPONSE_MORE;
}

/* A 204 has no body (RFC 9110, section 15.3.5), but some servers send one, or its last chunk. */
static bool may_have_body(const struct response_reader *reader)
{
    return reader->status == 204 && (reader->is_chunked || reader->length > 0);
}

static int end_header(struct response_reader *reader)
{
    bool is_interim = reader->status < 200 && reader->status != 101;

    if (reader->is_chunked && reader->length >= 0)
        return malformed(reader, "the answer's length is unclear");
    if (is_interim) {
        if (reader->interims++ == RESPONSE_INTERIM_MAX)
            return malformed(reader, "the server sends too many interim answers (1xx)");
        begin_section(reader, RESPONSE_IN_STATUS_LINE);
        return RESPONSE_INTERIM;
    }
    reader->state = state_after_header(reader);
    reader->keeps_alive = (!reader->is_http_1_0 || reader->says_keep_alive) && !reader->says_close &&
                          reader->state != RESPONSE_IN_STREAM && reader->status != 101 &&
                          !may_have_body(reader);
    return RESPONSE_HEADER;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* RFC 9112, section 7.1; the extensions are ignored. */
static int read_chunk_size(struct response_reader *reader, const char *line, size_t length)
{
    const char *at = line, *end = line + length;
    uint64_t size = 0;

    for (; at < end && at - line <= CHUNK_SIZE_DIGITS && hex_value(*at) >= 0; at++)
        size = size << 4 | (unsigned)hex_value(*at);
    if (at == line || at - line > CHUNK_SIZE_DIGITS || size > INT64_MAX)
        return malformed(reader, "a chunk of the answer has no valid size");
    while (at < end && is_blank(*at))
        at++;
    if ((at < end && *at != ';') || !field_text_is_valid(at, end))
        return malformed(reader, "a chunk of the answer has a malformed extension");
    reader->left = size;
    if (size > 0)
        reader->state = RESPONSE_IN_CHUNK;
    else
        begin_section(reader, RESPONSE_IN_TRAILER);
    return RESPONSE_MORE;
}

/* The empty line after the trailer. */
static int end_trailer(struct response_reader *reader)
{
    reader->state = RESPONSE_COMPLETE;
    return RESPONSE_END;
}

/* The empty line after a chunk's data; line_max() has no room for any other. */
static int end_chunk(struct response_reader *reader)
{
    reader->state = RESPONSE_IN_CHUNK_SIZE;
    return RESPONSE_MORE;
}

static int read_line(struct response_reader *reader, const char *line, size_t length)
{
    switch (reader->state) {
    case RESPONSE_IN_STATUS_LINE:
        return read_status_line(reader, line, length);
    case RESPONSE_IN_HEADER:
        return length > 0 ? read_field(reader, line, length) : end_header(reader);
    case RESPONSE_IN_TRAILER:
        return length > 0 ? read_field(reader, line, length) : end_trailer(reader);
    case RESPONSE_IN_CHUNK_SIZE:
        return read_chunk_size(reader, line, length);
    default:
        return end_chunk(reader);
    }
}

/* ---- from bytes to lines ---- */

/* Checked as the bytes arrive: what is not HTTP may never end a line. */
static bool is_http(const struct response_reader *reader, const struct input *in)
{
    size_t known = reader->line.len, length = (size_t)(in->end - in->at);

    if (known >= VERSION_LENGTH)
        return true;
    if (length > VERSION_LENGTH - known)
        length = VERSION_LENGTH - known;
    return memcmp(in->at, version + known, length) == 0;
}

/* Most bytes that the line may have, with its CRLF. */
static size_t line_max(const struct response_reader *reader)
{
    switch (reader->state) {
    case RESPONSE_IN_CHUNK_SIZE:
        return RESPONSE_CHUNK_LINE_BYTES;
    case RESPONSE_IN_CHUNK_END:
        return strlen("\r\n");
    default:
        return HEADERS_MAX_BYTES - reader->section_bytes;
    }
}

static int too_long(struct response_reader *reader)
{
    switch (reader->state) {
    case RESPONSE_IN_CHUNK_SIZE:
        return malformed(reader, "a chunk of the answer has an extension larger than the limit");
    case RESPONSE_IN_CHUNK_END:
        return malformed(reader, "a chunk of the answer is longer than its size");
    default:
        return fail(reader, -EMSGSIZE, too_large);
    }
}

/* LINE has LENGTH bytes with its LF. */
static int end_line(struct response_reader *reader, const char *line, size_t length)
{
    int r;

    if (length < 2 || line[length - 2] != '\r')
        return malformed(reader, "a line of the answer does not end with CRLF");
    reader->section_bytes += length;
    r = read_line(reader, line, length - 2);
    buf_clear(&reader->line);
    return r;
}

/* Reads a line in place if all of it is there. Each byte is looked at once, whatever the pieces are. */
static int take_line(struct response_reader *reader, struct input *in)
{
    size_t length = (size_t)(in->end - in->at);
    const char *line = in->at, *lf = memchr(line, '\n', length);
    bool is_whole = lf && reader->line.len == 0;

    if (reader->state == RESPONSE_IN_STATUS_LINE && !is_http(reader, in))
        return malformed(reader, "the answer is not HTTP/1");
    if (lf)
        length = (size_t)(lf + 1 - line);
    if (reader->line.len + length + (lf ? 0 : 1) > line_max(reader))
        return too_long(reader);
    in->at += length;
    if (is_whole)
        return end_line(reader, line, length);
    if (buf_append(&reader->line, line, length) < 0)
        return fail(reader, -ENOMEM, out_of_memory);
    return lf ? end_line(reader, reader->line.data, reader->line.len) : RESPONSE_MORE;
}

static int take_body(struct response_reader *reader, struct input *in, const char **body, size_t *body_length)
{
    size_t length = (size_t)(in->end - in->at);

    if (reader->state != RESPONSE_IN_STREAM) {
        if (length > reader->left)
            length = (size_t)reader->left;
        reader->left -= length;
        if (reader->left == 0)
            reader->state = reader->state == RESPONSE_IN_CHUNK ? RESPONSE_IN_CHUNK_END : RESPONSE_COMPLETE;
    }
    *body = in->at;
    *body_length = length;
    in->at += length;
    return RESPONSE_BODY;
}

/* ---- the reader ---- */

void response_reader_begin(struct response_reader *reader, bool is_head, struct headers *headers)
{
    *reader = (struct response_reader){
        .headers = headers, .is_head = is_head, .length = -1, .line = BUF_INIT(HEADERS_MAX_BYTES)};
}

int response_reader_next(struct response_reader *reader, const char *data, size_t length, size_t *used,
                         const char **body, size_t *body_length)
{
    struct input in = {data, data + length};
    int r = reader->state == RESPONSE_COMPLETE ? RESPONSE_END : RESPONSE_MORE;

    while (r == RESPONSE_MORE && in.at < in.end) {
        reader->has_begun = true;
        if (reader->state == RESPONSE_IN_BODY || reader->state == RESPONSE_IN_STREAM ||
            reader->state == RESPONSE_IN_CHUNK)
            r = take_body(reader, &in, body, body_length);
        else
            r = take_line(reader, &in);
    }
    if (r == RESPONSE_INTERIM)
        reader->has_begun = false;
    if (r >= 0)
        *used = (size_t)(in.at - data);
    return r;
}

int response_reader_end(struct response_reader *reader)
{
    if (reader->state == RESPONSE_IN_STREAM)
        reader->state = RESPONSE_COMPLETE;
    if (reader->state != RESPONSE_COMPLETE)
        return fail(reader, -ENODATA, "the answer ended early");
    return 0;
}

bool response_reader_has_begun(const struct response_reader *reader)
{
    return reader->has_begun;
}

void response_reader_free(struct response_reader *reader)
{
    buf_free(&reader->line);
}
