/* SPDX-License-Identifier: Apache-2.0 */
#include "http/response_reader.h"

#include <errno.h>

#include "response_transcript.h"
#include "unit.h"

#define OK        "HTTP/1.1 200 \r\n"
#define EMPTY     "Content-Length: 0\r\n"
#define CHUNKED   "Transfer-Encoding: chunked\r\n"
#define CHUNKS    OK CHUNKED "\r\n"
#define IN_CHUNKS "200 kept{Transfer-Encoding: chunked} "

#define STATUS_LINE    "EBADMSG: the answer's status line is malformed"
#define NOT_HTTP       "EBADMSG: the answer is not HTTP/1"
#define NO_CRLF        "EBADMSG: a line of the answer does not end with CRLF"
#define FOLDED         "EBADMSG: a header of the answer is folded"
#define NAME           "EBADMSG: a header of the answer has an invalid name"
#define CONTROL        "EBADMSG: a header of the answer contains a control character"
#define UNCLEAR        "EBADMSG: the answer's length is unclear"
#define INVALID_LENGTH "EBADMSG: the answer's Content-Length is invalid"
#define NOT_CHUNKED    "EBADMSG: the answer's Transfer-Encoding is not chunked"
#define SIZE           "EBADMSG: a chunk of the answer has no valid size"
#define EXTENSION      "EBADMSG: a chunk of the answer has a malformed extension"
#define LONG_CHUNK     "EBADMSG: a chunk of the answer is longer than its size"
#define LONG_EXTENSION "EBADMSG: a chunk of the answer has an extension larger than the limit"
#define INTERIMS       "EBADMSG: the server sends too many interim answers (1xx)"
#define TOO_LARGE      "EMSGSIZE: the answer's header is larger than the limit"

#define TRANSCRIPT_MAX (1 << 20)

struct row {
    const char *stream, *transcript;
    size_t length; /* of a stream that contains a NUL; 0: it is a string */
};

/* At random, byte by byte, and as a whole; with TB_SLOW only at random. */
static void check(const void *stream, size_t length, bool is_head, const char *transcript)
{
    static const size_t steps[] = {0, 1, WHOLE, 0, 0};
    size_t count = (size_t)unit_rounds((int)ARRAY_SIZE(steps)), i;

    for (i = 0; i < count; i++) {
        CLEANUP(buf_free) struct buf got = BUF_INIT(TRANSCRIPT_MAX);

        response_transcript(stream, length, is_head, steps[i], unit_random(), &got);
        ck_assert_str_eq(got.data, transcript);
    }
}

static void check_rows(const struct row *rows, size_t count, bool is_head)
{
    size_t i;

    for (i = 0; i < count; i++)
        check(rows[i].stream, rows[i].length ? rows[i].length : strlen(rows[i].stream), is_head,
              rows[i].transcript);
}

START_TEST(a_status_line_has_a_version_and_three_digits)
{
    static const struct row rows[] = {
        {"HTTP/1.1 200 OK\r\n" EMPTY "\r\n", "200 kept{Content-Length: 0} end", 0},
        {"HTTP/1.1 200 \r\n" EMPTY "\r\n", "200 kept{Content-Length: 0} end", 0},
        {"HTTP/1.1 200\r\n" EMPTY "\r\n", "200 kept{Content-Length: 0} end", 0},
        {"HTTP/1.0 200 OK\r\n" EMPTY "\r\n", "200 closed{Content-Length: 0} end", 0},
        {"HTTP/1.1 999 A\tb \xe4\xff \r\n" EMPTY "\r\n", "999 kept{Content-Length: 0} end", 0},
        {"HTTP/1.1 100 \r\n\r\n", "100 early", 0},
        {"HTTP/1.1 099 \r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 000 \r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 20\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 20 \r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 2000\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 2x0 \r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 20x \r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 -20 \r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 200OK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 200\tOK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1  200 OK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1\t200 OK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.2 200 OK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.10 200 OK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.x 200 OK\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 200 a\x01z\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 200 a\x7fz\r\n\r\n", STATUS_LINE, 0},
        {"HTTP/1.1 200 a\0z\r\n\r\n", STATUS_LINE, sizeof("HTTP/1.1 200 a\0z\r\n\r\n") - 1},
        {"HTTP/1.1 200 a\rz\r\n\r\n", STATUS_LINE, 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

/* At the first byte that is wrong: there may never be a line. */
START_TEST(what_is_not_http_1_is_noticed_at_once)
{
    static const struct row rows[] = {
        {"SSH-2.0-x", NOT_HTTP, 0},
        {"HTTP/2 200\r\n\r\n", NOT_HTTP, 0},
        {"HTTP/2", NOT_HTTP, 0},
        {"http/1.1 200 \r\n\r\n", NOT_HTTP, 0},
        {"HTTQ", NOT_HTTP, 0},
        {" HTTP/1.1 200 \r\n\r\n", NOT_HTTP, 0},
        {"\r\nHTTP/1.1 200 \r\n\r\n", NOT_HTTP, 0},
        {"\n", NOT_HTTP, 0},
        {"HTTP\r\n", NOT_HTTP, 0},
        {"\x15\x03\x03\0\x02\x02\x46", NOT_HTTP, 7}, /* an alert of TLS */
        {"\0\0\x12\x04\0\0\0\0\0", NOT_HTTP, 9},     /* SETTINGS of HTTP/2 */
        {"HTTP/1.", "early", 0},
        {"", "early", 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(lines_end_with_crlf_only)
{
    static const struct row rows[] = {
        {"HTTP/1.1 200 \n" EMPTY "\r\n", NO_CRLF, 0},
        {OK "Content-Length: 0\n\r\n", NO_CRLF, 0},
        {OK EMPTY "\n", NO_CRLF, 0},
        {OK "A: b\nC: d\r\n\r\n", NO_CRLF, 0},
        {OK "A: b\rC: d\r\n\r\n", CONTROL, 0},
        {OK "A: b\r\r\n\r\n", CONTROL, 0},
        {OK "A: b\n\r\r\n", NO_CRLF, 0},
        {OK "\r\r\n", NAME, 0},
        {OK "A\rB: c\r\n\r\n", NAME, 0},
        {CHUNKS "2\nab\r\n0\r\n\r\n", IN_CHUNKS NO_CRLF, 0},
        {CHUNKS "2\r\r\nab\r\n0\r\n\r\n", IN_CHUNKS EXTENSION, 0},
        {CHUNKS "2;a\rb\r\nab\r\n0\r\n\r\n", IN_CHUNKS EXTENSION, 0},
        {CHUNKS "2\r\nab\n0\r\n\r\n", IN_CHUNKS "body=ab " NO_CRLF, 0},
        {CHUNKS "0\r\n\n", IN_CHUNKS NO_CRLF, 0},
        {CHUNKS "0\r\nA: b\n\r\n", IN_CHUNKS NO_CRLF, 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(a_header_is_a_token_a_colon_and_a_value)
{
    static const struct row rows[] = {
        {OK EMPTY "A: b\r\nA:c\r\n\r\n", "200 kept{Content-Length: 0}{A: b}{A: c} end", 0},
        {OK EMPTY "A:\r\nB: \r\nC: \t \r\n\r\n", "200 kept{Content-Length: 0}{A: }{B: }{C: } end", 0},
        {OK EMPTY "A: \t b \t c\t \r\n\r\n", "200 kept{Content-Length: 0}{A: b \t c} end", 0},
        {OK EMPTY "A: b: c\r\n\r\n", "200 kept{Content-Length: 0}{A: b: c} end", 0},
        {OK EMPTY "A: \x80\xff\r\n\r\n", "200 kept{Content-Length: 0}{A: \x80\xff} end", 0},
        {OK EMPTY "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n",
         "200 kept{Content-Length: 0}{!#$%&'*+-.^_`|~09azAZ: x} end", 0},
        {OK "A: b\r\n c\r\n\r\n", FOLDED, 0},
        {OK "A: b\r\n\tB: c\r\n\r\n", FOLDED, 0},
        {OK "A: b\r\n \r\n\r\n", FOLDED, 0},
        {OK " A: b\r\n\r\n", FOLDED, 0},
        {OK "no colon\r\n\r\n", NAME, 0},
        {OK "token\r\n\r\n", NAME, 0},
        {OK ": b\r\n\r\n", NAME, 0},
        {OK ":\r\n\r\n", NAME, 0},
        {OK "A : b\r\n\r\n", NAME, 0},
        {OK "A\t: b\r\n\r\n", NAME, 0},
        {OK "A b: c\r\n\r\n", NAME, 0},
        {OK "A(: c\r\n\r\n", NAME, 0},
        {OK "A@b: c\r\n\r\n", NAME, 0},
        {OK "\xc3\xa4: c\r\n\r\n", NAME, 0},
        {OK "A\0: b\r\n\r\n", NAME, sizeof(OK "A\0: b\r\n\r\n") - 1},
        {OK "A\x7f: b\r\n\r\n", NAME, 0},
        {OK "A: b\0c\r\n\r\n", CONTROL, sizeof(OK "A: b\0c\r\n\r\n") - 1},
        {OK "A: \x01\r\n\r\n", CONTROL, 0},
        {OK "A: b\x1f\r\n\r\n", CONTROL, 0},
        {OK "A: b\x7f\r\n\r\n", CONTROL, 0},
        {OK "A: \x0b\r\n\r\n", CONTROL, 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

/* RFC 9112, section 6.3, rule 1; also 101, after which another protocol is spoken. */
START_TEST(some_responses_have_no_body)
{
    static const struct row rows[] = {
        {"HTTP/1.1 204 \r\n\r\n", "204 kept end", 0},
        {"HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n", "204 kept{Content-Length: 0} end", 0},
        {"HTTP/1.1 204 \r\nContent-Length: 2\r\n\r\nab", "204 closed{Content-Length: 2} end rest=2", 0},
        {"HTTP/1.1 204 \r\n" CHUNKED "\r\n0\r\n\r\n", "204 closed{Transfer-Encoding: chunked} end rest=5", 0},
        {"HTTP/1.1 304 \r\n\r\n", "304 kept end", 0},
        {"HTTP/1.1 304 \r\nContent-Length: 2\r\n\r\nab", "304 kept{Content-Length: 2} end rest=2", 0},
        {"HTTP/1.1 304 \r\nConnection: close\r\n\r\n", "304 closed{Connection: close} end", 0},
        {"HTTP/1.1 101 \r\nUpgrade: x\r\n\r\n\x81\x01z", "101 closed{Upgrade: x} end rest=3", 0},
        {"HTTP/1.1 101 \r\nContent-Length: 2\r\n\r\nab", "101 closed{Content-Length: 2} end rest=2", 0},
        {"HTTP/1.1 100 \r\nContent-Length: 2\r\n\r\n" OK EMPTY "\r\n",
         "100{Content-Length: 2} 200 kept{Content-Length: 0} end", 0},
        {"HTTP/1.1 205 \r\nContent-Length: 1\r\n\r\na", "205 kept{Content-Length: 1} body=a end", 0},
    };
    static const struct row heads[] = {
        {OK "\r\n", "200 kept end", 0},
        {OK "Content-Length: 5\r\n\r\n", "200 kept{Content-Length: 5} end", 0},
        {CHUNKS, IN_CHUNKS "end", 0},
        {"HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nab", "404 kept{Content-Length: 2} end rest=2", 0},
        {"HTTP/1.0 200 \r\n\r\n", "200 closed end", 0},
        {OK "Content-Length: x\r\n\r\n", INVALID_LENGTH, 0},
        {OK "Content-Length: 5\r\n" CHUNKED "\r\n", UNCLEAR, 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
    check_rows(heads, ARRAY_SIZE(heads), true);
}
END_TEST

START_TEST(a_length_is_one_number)
{
    static const struct row rows[] = {
        {OK "Content-Length: 2\r\n\r\nabHTTP", "200 kept{Content-Length: 2} body=ab end rest=4", 0},
        {OK "content-LENGTH:\t2 \r\n\r\nab", "200 kept{content-LENGTH: 2} body=ab end", 0},
        {OK "Content-Length: 2\r\nA: b\r\nContent-length: 2\r\n\r\nab",
         "200 kept{Content-Length: 2}{A: b}{Content-length: 2} body=ab end", 0},
        {OK "Content-Length: 3\r\n\r\nab", "200 kept{Content-Length: 3} body=ab early", 0},
        {OK "Content-Length: 1\r\n\r\n", "200 kept{Content-Length: 1} early", 0},
        {OK "Content-Length: 9223372036854775807\r\n\r\na",
         "200 kept{Content-Length: 9223372036854775807} body=a early", 0},
        {OK "Content-Length: 0000000000000000000001\r\n\r\na",
         "200 kept{Content-Length: 0000000000000000000001} body=a end", 0},
        {OK "Content-Lengths: 1\r\nXContent-Length: 1\r\nContent-Lengt: 1\r\n" EMPTY "\r\n",
         "200 kept{Content-Lengths: 1}{XContent-Length: 1}{Content-Lengt: 1}{Content-Length: 0} end", 0},
        {OK "Content-Length: 9223372036854775808\r\n\r\n", INVALID_LENGTH, 0},
        {OK "Content-Length: 92233720368547758070\r\n\r\n", INVALID_LENGTH, 0},
        {OK "Content-Length: 18446744073709551617\r\n\r\n", INVALID_LENGTH, 0},
        {OK "Content-Length:\r\n\r\n", INVALID_LENGTH, 0},
        {OK "Content-Length: +2\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: -2\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2a\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 0x2\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2 2\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2,2\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2, 4\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2.0\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2\r\nContent-Length: 4\r\n\r\nab", UNCLEAR, 0},
        {OK "Content-Length: 4\r\nContent-Length: 2\r\n\r\nab", UNCLEAR, 0},
        {OK "Content-Length: 0\r\nContent-Length: 2\r\n\r\nab", UNCLEAR, 0},
        {OK "Content-Length: 2\r\nContent-Length:\r\n\r\nab", INVALID_LENGTH, 0},
        {OK "Content-Length: 2\r\n" CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n", UNCLEAR, 0},
        {OK CHUNKED "Content-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n", UNCLEAR, 0},
        {"HTTP/1.1 304 \r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", UNCLEAR, 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(a_transfer_encoding_is_chunked_once)
{
    static const struct row rows[] = {
        {CHUNKS "0\r\n\r\n", IN_CHUNKS "end", 0},
        {OK "TRANSFER-encoding: CHUNKed\r\n\r\n0\r\n\r\n", "200 kept{TRANSFER-encoding: CHUNKed} end", 0},
        {OK "Transfer-Encoding: gzip\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: identity\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: gzip, chunked\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: chunked, chunked\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: chunked,\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: chunked;q=1\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: xchunked\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding: chunk\r\n\r\n", NOT_CHUNKED, 0},
        {OK "Transfer-Encoding:\r\n\r\n", NOT_CHUNKED, 0},
        {OK CHUNKED CHUNKED "\r\n0\r\n\r\n", NOT_CHUNKED, 0},
        {OK CHUNKED "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", NOT_CHUNKED, 0},
        {"HTTP/1.0 200 \r\n" CHUNKED "\r\n0\r\n\r\n", "EBADMSG: an HTTP/1.0 answer has a Transfer-Encoding",
         0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(a_body_without_a_length_ends_with_the_stream)
{
    static const struct row rows[] = {
        {OK "\r\n", "200 closed complete", 0},
        {OK "\r\nabc", "200 closed body=abc complete", 0},
        {OK "Connection: keep-alive\r\n\r\nabc\r\n\r\n",
         "200 closed{Connection: keep-alive} body=abc\r\n\r\n complete", 0},
        {"HTTP/1.0 200 \r\nConnection: keep-alive\r\n\r\nabc",
         "200 closed{Connection: keep-alive} body=abc complete", 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

/* RFC 9112, section 9.3. */
START_TEST(the_connection_is_kept_by_version_and_header)
{
    static const struct row rows[] = {
        {OK EMPTY "Connection: close\r\n\r\n", "200 closed{Content-Length: 0}{Connection: close} end", 0},
        {OK EMPTY "connection: X,\tCLOSE\r\n\r\n", "200 closed{Content-Length: 0}{connection: X,\tCLOSE} end",
         0},
        {OK EMPTY "Connection: close\r\nConnection: keep-alive\r\n\r\n",
         "200 closed{Content-Length: 0}{Connection: close}{Connection: keep-alive} end", 0},
        {OK EMPTY "Connection: closed\r\n\r\n", "200 kept{Content-Length: 0}{Connection: closed} end", 0},
        {OK EMPTY "Proxy-Connection: close\r\n\r\n",
         "200 kept{Content-Length: 0}{Proxy-Connection: close} end", 0},
        {OK CHUNKED "Connection: close\r\n\r\n0\r\n\r\n",
         "200 closed{Transfer-Encoding: chunked}{Connection: close} end", 0},
        {"HTTP/1.0 200 \r\n" EMPTY "Connection: Keep-Alive\r\n\r\n",
         "200 kept{Content-Length: 0}{Connection: Keep-Alive} end", 0},
        {"HTTP/1.0 200 \r\n" EMPTY "Connection: X\r\nConnection: keep-alive\r\n\r\n",
         "200 kept{Content-Length: 0}{Connection: X}{Connection: keep-alive} end", 0},
        {"HTTP/1.0 200 \r\n" EMPTY "Connection: keep-alive, close\r\n\r\n",
         "200 closed{Content-Length: 0}{Connection: keep-alive, close} end", 0},
        {"HTTP/1.1 100 \r\nConnection: close\r\n\r\n" OK EMPTY "\r\n",
         "100{Connection: close} 200 kept{Content-Length: 0} end", 0},
        {"HTTP/1.0 100 \r\nConnection: keep-alive\r\n\r\nHTTP/1.0 200 \r\n" EMPTY "\r\n",
         "100{Connection: keep-alive} 200 closed{Content-Length: 0} end", 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(chunks_have_a_size_and_end_with_crlf)
{
    static const struct row rows[] = {
        {CHUNKS "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", IN_CHUNKS "body=abcde end", 0},
        {CHUNKS "2\r\n\r\n\r\n0\r\n\r\nHTTP/1.1", IN_CHUNKS "body=\r\n end rest=8", 0},
        {CHUNKS "A\r\n0123456789\r\n00\r\n\r\n", IN_CHUNKS "body=0123456789 end", 0},
        {CHUNKS "0000000000000001\r\na\r\n0000000000000000\r\n\r\n", IN_CHUNKS "body=a end", 0},
        {CHUNKS "7FfFfFfFfFfFfFfF\r\na", IN_CHUNKS "body=a early", 0},
        {CHUNKS "8000000000000000\r\na", IN_CHUNKS SIZE, 0},
        {CHUNKS "00000000000000001\r\na\r\n0\r\n\r\n", IN_CHUNKS SIZE, 0},
        {CHUNKS "10000000000000000\r\na", IN_CHUNKS SIZE, 0},
        {CHUNKS "\r\n", IN_CHUNKS SIZE, 0},
        {CHUNKS ";a\r\n", IN_CHUNKS SIZE, 0},
        {CHUNKS " 2\r\nab\r\n", IN_CHUNKS SIZE, 0},
        {CHUNKS "-5\r\nab", IN_CHUNKS SIZE, 0},
        {CHUNKS "+5\r\nab", IN_CHUNKS SIZE, 0},
        {CHUNKS "g\r\n", IN_CHUNKS SIZE, 0},
        {CHUNKS "0x2\r\nab\r\n", IN_CHUNKS EXTENSION, 0},
        {CHUNKS "2a z\r\n", IN_CHUNKS EXTENSION, 0},
        {CHUNKS "2 \t\r\nab\r\n0\t;x\r\n\r\n", IN_CHUNKS "body=ab end", 0},
        {CHUNKS "2;a=b;c=\"d;\xe4\"\r\nab\r\n2 ; e\r\ncd\r\n0;\r\n\r\n", IN_CHUNKS "body=abcd end", 0},
        {CHUNKS "2;\x01\r\nab\r\n", IN_CHUNKS EXTENSION, 0},
        {CHUNKS "2;\0\r\nab\r\n", IN_CHUNKS EXTENSION, sizeof(CHUNKS "2;\0\r\nab\r\n") - 1},
        {CHUNKS "2\r\nabc\r\n0\r\n\r\n", IN_CHUNKS "body=ab " LONG_CHUNK, 0},
        {CHUNKS "2\r\nab0\r\n\r\n", IN_CHUNKS "body=ab " LONG_CHUNK, 0},
        {CHUNKS "2\r\nab\r\r\n0\r\n\r\n", IN_CHUNKS "body=ab " LONG_CHUNK, 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(trailers_are_checked_and_dropped)
{
    static const struct row rows[] = {
        {CHUNKS "2\r\nab\r\n0\r\nA: b\r\nC:\r\n\r\nx", IN_CHUNKS "body=ab end rest=1", 0},
        {CHUNKS "0\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n",
         IN_CHUNKS "end", 0},
        {CHUNKS "0\r\nA: b\r\n c\r\n\r\n", IN_CHUNKS FOLDED, 0},
        {CHUNKS "0\r\nA : b\r\n\r\n", IN_CHUNKS NAME, 0},
        {CHUNKS "0\r\nHTTP/1.1 200 \r\n\r\n", IN_CHUNKS NAME, 0},
        {CHUNKS "0\r\nA: \x01\r\n\r\n", IN_CHUNKS CONTROL, 0},
        {CHUNKS "0\r\nA: b\r\n", IN_CHUNKS "early", 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(interim_responses_come_before_the_final_one)
{
    static const struct row rows[] = {
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\n" OK EMPTY "\r\n",
         "100 103{Link: x} 200 kept{Content-Length: 0} end", 0},
        {"HTTP/1.1 199 \r\n\r\nHTTP/1.1 101 \r\n\r\nx", "199 101 closed end rest=1", 0},
        {"HTTP/1.1 100 \r\n\r\n\r\n" OK, "100 " NOT_HTTP, 0},
        {"HTTP/1.1 100 \r\nContent-Length: 2\r\n\r\nab" OK, "100{Content-Length: 2} " NOT_HTTP, 0},
        {"HTTP/1.1 100 \r\n" CHUNKED "Content-Length: 2\r\n\r\n", UNCLEAR, 0},
        {"HTTP/1.1 100 \r\n" CHUNKED "\r\n" OK EMPTY "\r\n",
         "100{Transfer-Encoding: chunked} 200 kept{Content-Length: 0} end", 0},
    };

    check_rows(rows, ARRAY_SIZE(rows), false);
}
END_TEST

START_TEST(interim_responses_are_counted)
{
    int extra, i;

    for (extra = 0; extra <= 1; extra++) {
        CLEANUP(buf_free) struct buf stream = BUF_INIT(TRANSCRIPT_MAX), expected = BUF_INIT(TRANSCRIPT_MAX);

        for (i = 0; i < RESPONSE_INTERIM_MAX + extra; i++) {
            buf_append_string(&stream, "HTTP/1.1 102 \r\n\r\n");
            buf_append_string(&expected, i < RESPONSE_INTERIM_MAX ? "102 " : INTERIMS);
        }
        buf_append_string(&stream, OK EMPTY "\r\n");
        buf_append_string(&expected, extra ? "" : "200 kept{Content-Length: 0} end");
        check(stream.data, stream.len, false, expected.data);
    }
}
END_TEST

/* Cut anywhere, a response with a length is not complete. */
START_TEST(an_early_end_is_noticed)
{
    static const char *const streams[] = {
        "HTTP/1.1 100 \r\n\r\n" OK "A: b\r\nContent-Length: 5\r\n\r\nabcde",
        CHUNKS "2;x\r\nab\r\n3\r\ncde\r\n0\r\nA: b\r\n\r\n",
    };
    size_t i, length;

    for (i = 0; i < ARRAY_SIZE(streams); i++)
        for (length = 0; length <= strlen(streams[i]); length++) {
            CLEANUP(buf_free) struct buf whole = BUF_INIT(TRANSCRIPT_MAX);
            const char *expected = length < strlen(streams[i]) ? "early" : "end";

            response_transcript(streams[i], length, false, WHOLE, 0, &whole);
            ck_assert_uint_ge(whole.len, strlen(expected));
            ck_assert_str_eq(whole.data + whole.len - strlen(expected), expected);
            check(streams[i], length, false, whole.data);
        }
}
END_TEST

/* ---- limits ---- */

static void append_many(struct buf *out, char c, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        ck_assert_int_eq(buf_append(out, &c, 1), 0);
}

/* Checks that START, as many C as make it MAX bytes with END, and END give EXPECTED, that one more gives
 * ERROR, and so do MAX bytes of a line that has not ended. EXPECTED and ERROR are the ends of transcripts. */
static void check_limit(const char *before, const char *start, char c, const char *end, size_t max,
                        const char *expected, const char *error)
{
    CLEANUP(buf_free) struct buf stream = BUF_INIT(TRANSCRIPT_MAX);
    const char *wanted;
    int extra;

    for (extra = -1; extra <= 1; extra++) {
        CLEANUP(buf_free) struct buf whole = BUF_INIT(TRANSCRIPT_MAX);

        buf_clear(&stream);
        buf_append_string(&stream, before);
        buf_append_string(&stream, start);
        if (extra < 0)
            append_many(&stream, c, max - strlen(start));
        else
            append_many(&stream, c, max - strlen(start) - strlen(end) + (size_t)extra);
        buf_append_string(&stream, extra < 0 ? "" : end);
        response_transcript(stream.data, stream.len, false, WHOLE, 0, &whole);
        wanted = extra == 0 ? expected : error;
        ck_assert_uint_ge(whole.len, strlen(wanted));
        ck_assert_str_eq(whole.data + whole.len - strlen(wanted), wanted);
        check(stream.data, stream.len, false, whole.data);
    }
}

START_TEST(a_header_has_a_largest_size)
{
    static const char second[] = "HTTP/1.1 100 \r\nA: b\r\n\r\n";

    check_limit("", "HTTP/1.1 204 ", 'x', "\r\n\r\n", HEADERS_MAX_BYTES, "204 kept end", TOO_LARGE);
    check_limit("", "HTTP/1.1 204 \r\nA: ", 'x', "\r\n\r\n", HEADERS_MAX_BYTES, "x} end", TOO_LARGE);
    check_limit("", "HTTP/1.1 204 \r\nA:", ' ', "\r\n\r\n", HEADERS_MAX_BYTES, "204 kept{A: } end",
                TOO_LARGE);
    check_limit("", "HTTP/1.1 204 \r\nB: c\r\nA", 'x', ":\r\n\r\n", HEADERS_MAX_BYTES, "x: } end", TOO_LARGE);
    check_limit(second, "HTTP/1.1 204 \r\nA: ", 'x', "\r\n\r\n", HEADERS_MAX_BYTES, "x} end", TOO_LARGE);
}
END_TEST

START_TEST(a_trailer_has_a_largest_size)
{
    check_limit(CHUNKS "1\r\na\r\n0\r\n", "A: ", 'x', "\r\n\r\n", HEADERS_MAX_BYTES, "body=a end", TOO_LARGE);
    check_limit(CHUNKS "0\r\n", "A: b\r\nA:", ' ', "\r\n\r\n", HEADERS_MAX_BYTES, "chunked} end", TOO_LARGE);
}
END_TEST

START_TEST(a_chunk_extension_has_a_largest_size)
{
    static const char head[] = CHUNKS "1\r\na\r\n";

    check_limit(head, "1;", 'x', "\r\n", RESPONSE_CHUNK_LINE_BYTES, "body=a early", LONG_EXTENSION);
    check_limit(head, "0", ' ', "\r\n", RESPONSE_CHUNK_LINE_BYTES, "body=a early", LONG_EXTENSION);
}
END_TEST

/* COUNT lines in the header, then as many in the trailer. */
static void check_count(size_t header, size_t trailer, const char *expected)
{
    CLEANUP(buf_free) struct buf stream = BUF_INIT(TRANSCRIPT_MAX), whole = BUF_INIT(TRANSCRIPT_MAX);
    size_t i;

    buf_append_string(&stream, OK CHUNKED);
    for (i = 1; i < header; i++)
        buf_append_string(&stream, "A: b\r\n");
    buf_append_string(&stream, "\r\n0\r\n");
    for (i = 0; i < trailer; i++)
        buf_append_string(&stream, "A: b\r\n");
    buf_append_string(&stream, "\r\n");
    response_transcript(stream.data, stream.len, false, WHOLE, 0, &whole);
    ck_assert_str_eq(whole.data + whole.len - strlen(expected), expected);
    check(stream.data, stream.len, false, whole.data);
}

START_TEST(header_lines_are_counted)
{
    check_count(HEADERS_MAX_COUNT, HEADERS_MAX_COUNT, "{A: b} end");
    check_count(HEADERS_MAX_COUNT + 1, 0, TOO_LARGE);
    check_count(1, HEADERS_MAX_COUNT + 1, "{Transfer-Encoding: chunked} " TOO_LARGE);
}
END_TEST

/* The caller's list can have a lower limit. */
START_TEST(the_limit_of_the_list_is_kept)
{
    static const char stream[] = OK "A: b\r\n";
    struct headers headers = {BUF_INIT(strlen("A: b")), 0};
    struct response_reader reader;
    const char *body;
    size_t used, body_length;

    response_reader_begin(&reader, false, &headers);
    ck_assert_int_eq(response_reader_next(&reader, stream, strlen(stream), &used, &body, &body_length),
                     -EMSGSIZE);
    ck_assert_str_eq(reader.reason, "the answer's header is larger than the limit");
    response_reader_free(&reader);
    headers_free(&headers);
}
END_TEST

START_TEST(a_reader_is_used_again_with_the_same_list)
{
    static const char stream[] = OK "A: b\r\n" EMPTY "\r\n" OK "\r\n";
    struct headers headers = HEADERS_INIT;
    struct response_reader reader;
    const char *body;
    size_t used, more, body_length;

    response_reader_begin(&reader, false, &headers);
    ck_assert(!response_reader_has_begun(&reader));
    ck_assert_int_eq(response_reader_next(&reader, "", 0, &used, &body, &body_length), RESPONSE_MORE);
    ck_assert(!response_reader_has_begun(&reader));
    ck_assert_int_eq(response_reader_next(&reader, stream, strlen(stream), &used, &body, &body_length),
                     RESPONSE_HEADER);
    ck_assert(response_reader_has_begun(&reader));
    ck_assert_int_eq(
        response_reader_next(&reader, stream + used, strlen(stream) - used, &more, &body, &body_length),
        RESPONSE_END);
    ck_assert_uint_eq(more, 0);
    ck_assert_str_eq(headers_find(&headers, "a"), "b");
    response_reader_free(&reader);

    response_reader_begin(&reader, true, &headers);
    ck_assert(!response_reader_has_begun(&reader));
    ck_assert_int_eq(
        response_reader_next(&reader, stream + used, strlen(stream) - used, &more, &body, &body_length),
        RESPONSE_HEADER);
    ck_assert_uint_eq(used + more, strlen(stream));
    ck_assert_uint_eq(headers.count, 0);
    ck_assert_int_eq(response_reader_end(&reader), 0);
    response_reader_free(&reader);
    headers_free(&headers);
}
END_TEST

UNIT_SUITE(response_reader)
{
    TCase *tests;
    Suite *suite = unit_suite_create("response_reader", &tests);

    tcase_add_test(tests, a_status_line_has_a_version_and_three_digits);
    tcase_add_test(tests, what_is_not_http_1_is_noticed_at_once);
    tcase_add_test(tests, lines_end_with_crlf_only);
    tcase_add_test(tests, a_header_is_a_token_a_colon_and_a_value);
    tcase_add_test(tests, some_responses_have_no_body);
    tcase_add_test(tests, a_length_is_one_number);
    tcase_add_test(tests, a_transfer_encoding_is_chunked_once);
    tcase_add_test(tests, a_body_without_a_length_ends_with_the_stream);
    tcase_add_test(tests, the_connection_is_kept_by_version_and_header);
    tcase_add_test(tests, chunks_have_a_size_and_end_with_crlf);
    tcase_add_test(tests, trailers_are_checked_and_dropped);
    tcase_add_test(tests, interim_responses_come_before_the_final_one);
    tcase_add_test(tests, interim_responses_are_counted);
    tcase_add_test(tests, an_early_end_is_noticed);
    tcase_add_test(tests, a_header_has_a_largest_size);
    tcase_add_test(tests, a_trailer_has_a_largest_size);
    tcase_add_test(tests, a_chunk_extension_has_a_largest_size);
    tcase_add_test(tests, header_lines_are_counted);
    tcase_add_test(tests, the_limit_of_the_list_is_kept);
    tcase_add_test(tests, a_reader_is_used_again_with_the_same_list);
    return suite;
}
