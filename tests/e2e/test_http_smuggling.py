# SPDX-License-Identifier: Apache-2.0
"""Request smuggling: a request that two servers could read differently is refused, or is forwarded in a form that can be
read in one way only. The tests look at the bytes that reach the server."""
import tap
from harness import PATIENCE, Closed
from ways import HttpCase, every_way

POST = b"POST /api/x HTTP/1.1\r\nHost: HOST\r\n"
SMUGGLED = b"DELETE /api/smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST_CHUNK = b"0\r\n\r\n"

OWN = {"host", "x-authorization", "content-length", "transfer-encoding", "connection"}


class SmugglingCase(HttpCase):
    def send(self, way, data):
        """The statuses of all responses, up to the end of the connection."""
        statuses = []
        with way.connect(timeout=PATIENCE) as connection:
            try:
                connection.send(data.replace(b"HOST", connection.host.encode()))
                connection.sock.shutdown(1)
                while True:
                    statuses.append(connection.response().status)
            except (Closed, BrokenPipeError, ConnectionResetError):
                return statuses

    def seen(self, way):
        """The targets and bodies that the server got. It gets no headers but tbproxyd's own."""
        requests = way.server.arrived()
        for request in requests:
            names = {name.lower() for name, _ in request.headers}
            self.assertEqual(names - OWN, set(), request.headers)
            self.assertIn(request.header("Connection"), (None, "close"))  # "close" is from the front
            self.assertEqual(request.header("X-Authorization"), "ApiKey tb_key-for-a-scripted-server")
        return [(request.method, request.target, request.body) for request in requests]

    def assert_refused(self, way, data, statuses=(400,)):
        """Nothing of the request, or of the bytes behind it, reaches the server."""
        got = self.send(way, data + SMUGGLED)
        self.assertEqual(self.seen(way), [], data)
        self.assertTrue(set(got) <= set(statuses), (data, got))

    def assert_seen(self, way, data, *requests):
        """The request is harmless: the server gets these, each by itself."""
        self.send(way, data)
        self.assertEqual(self.seen(way), list(requests), data)


class TestLengths(SmugglingCase):
    @every_way
    def test_content_length_before_transfer_encoding(self, way):
        self.assert_refused(way, POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n" + LAST_CHUNK)
        self.assert_refused(way, POST + b"Content-Length: 0\r\n" + CHUNKED + b"\r\n" + LAST_CHUNK)

    @every_way
    def test_transfer_encoding_before_content_length(self, way):
        self.assert_refused(way, POST + CHUNKED + b"Content-Length: 5\r\n\r\n" + LAST_CHUNK)
        self.assert_refused(way, POST + CHUNKED + b"Content-Length: 4\r\n\r\n5c\r\n")

    @every_way
    def test_two_different_content_lengths(self, way):
        for lengths in ((0, 5), (5, 0), (5, 6)):
            self.assert_refused(way, POST + b"Content-Length: %d\r\nContent-Length: %d\r\n\r\nhello" % lengths)

    @every_way
    def test_two_equal_content_lengths(self, way):
        self.assert_refused(way, POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello")
        self.assert_refused(way, POST + b"Content-Length: 5\r\ncontent-length: 5\r\n\r\nhello")

    @every_way
    def test_a_list_of_content_lengths(self, way):
        for value in (b"5, 5", b"5,5", b"5,", b",5", b"5, 6"):
            self.assert_refused(way, POST + b"Content-Length: " + value + b"\r\n\r\nhello")

    @every_way
    def test_a_content_length_with_a_sign(self, way):
        for value in (b"+5", b"-5", b"-0", b"+0", b"- 5"):
            self.assert_refused(way, POST + b"Content-Length: " + value + b"\r\n\r\nhello")

    @every_way
    def test_a_content_length_that_is_no_decimal_number(self, way):
        for value in (b"0x5", b"5a", b"5 5", b"5.0", b"5e0", b"", b"5;", b"\"5\"", b"\x0b5", b"5\x0c"):
            self.assert_refused(way, POST + b"Content-Length: " + value + b"\r\n\r\nhello")

    @every_way
    def test_a_content_length_that_overflows(self, way):
        for value in (b"1073741825", b"18446744073709551621", b"4294967301", b"9223372036854775807", b"9223372036854775808",
                      b"1" * 200):
            self.assert_refused(way, POST + b"Content-Length: " + value + b"\r\n\r\nhello", (400, 413))

    @every_way
    def test_a_content_length_with_zeros_before_it_is_written_anew(self, way):
        self.assert_seen(way, POST + b"Content-Length: 0005\r\n\r\nhello" + SMUGGLED,
                         ("POST", "/api/x", b"hello"), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_a_get_with_a_body(self, way):
        for body in (SMUGGLED, b"hello"):
            way.server.reset()
            self.assert_seen(way, b"GET /api/x HTTP/1.1\r\nHost: HOST\r\nContent-Length: %d\r\n\r\n" %
                             len(body.replace(b"HOST", b"h" * 15)) + body.replace(b"HOST", b"h" * 15),
                             ("GET", "/api/x", body.replace(b"HOST", b"h" * 15)))


class TestTransferEncodings(SmugglingCase):
    @every_way
    def test_a_coding_that_is_not_chunked(self, way):
        for value in (b"xchunked", b"chunkedx", b"identity", b"gzip", b"chunk", b"", b"chunk\xc3\xa9d"):
            self.assert_refused(way, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n" + LAST_CHUNK)

    @every_way
    def test_several_codings(self, way):
        for value in (b"chunked, identity", b"identity, chunked", b"gzip, chunked", b"chunked, gzip", b"chunked,",
                      b",chunked", b"chunked chunked", b"chunked, chunked"):
            self.assert_refused(way, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n" + LAST_CHUNK)

    @every_way
    def test_a_coding_with_parameters_or_quotes(self, way):
        for value in (b"chunked;q=1", b"chunked; a=b", b"\"chunked\"", b"'chunked'", b"(x)chunked"):
            self.assert_refused(way, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n" + LAST_CHUNK)

    @every_way
    def test_a_coding_with_a_vertical_tab_or_another_control_character(self, way):
        for value in (b"\x0bchunked", b"chunked\x0b", b"\x0cchunked", b"\x00chunked", b"chunked\x7f", b"chunked\x01"):
            self.assert_refused(way, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n" + LAST_CHUNK)

    @every_way
    def test_a_coding_with_tabs_and_blanks_around_it(self, way):
        for value in (b"chunked\t", b"chunked ", b"  chunked "):
            self.assert_refused(way, POST + b"Transfer-Encoding:" + value + b"\r\n\r\n" + LAST_CHUNK)
        self.assert_seen(way, POST + b"Transfer-Encoding:\tchunked\r\n\r\n" + LAST_CHUNK + SMUGGLED,
                         ("POST", "/api/x", b""), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_two_transfer_encodings(self, way):
        for other in (b"identity", b"chunked", b"x"):
            self.assert_refused(way, POST + CHUNKED + b"Transfer-Encoding: " + other + b"\r\n\r\n" + LAST_CHUNK)
            self.assert_refused(way, POST + b"Transfer-Encoding: " + other + b"\r\n" + CHUNKED + b"\r\n" + LAST_CHUNK)

    @every_way
    def test_a_coding_in_another_case_is_chunked(self, way):
        for value in (b"Chunked", b"CHUNKED", b"cHuNkEd"):
            way.server.reset()
            self.assert_seen(way, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n" + LAST_CHUNK + SMUGGLED,
                             ("POST", "/api/x", b""), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_a_nul_behind_the_coding_ends_it(self, way):
        self.assert_seen(way, POST + b"Transfer-Encoding: chunked\x00, identity\r\n\r\n" + LAST_CHUNK + SMUGGLED,
                         ("POST", "/api/x", b""), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_transfer_encoding_in_http_1_0(self, way):
        for more in (b"", b"Connection: keep-alive\r\n", b"Content-Length: 5\r\n"):
            self.assert_refused(way, POST.replace(b"1.1", b"1.0") + CHUNKED + more + b"\r\n" + LAST_CHUNK)


class TestChunks(SmugglingCase):
    def refuse(self, way, *bodies):
        for body in bodies:
            self.assert_refused(way, POST + CHUNKED + b"\r\n" + body, (400, 413))

    def accept(self, way, *bodies):
        """Each body is "hello" and ends where the next request begins."""
        for body in bodies:
            way.server.reset()
            self.assert_seen(way, POST + CHUNKED + b"\r\n" + body + SMUGGLED,
                             ("POST", "/api/x", b"hello"), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_a_negative_chunk_size(self, way):
        self.refuse(way, b"-5\r\nhello\r\n" + LAST_CHUNK, b"5\r\nhello\r\n-0\r\n\r\n", b"-1\r\n")

    @every_way
    def test_a_chunk_size_with_a_sign(self, way):
        self.refuse(way, b"+5\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_a_chunk_size_with_0x(self, way):
        self.refuse(way, b"0x5\r\nhello\r\n" + LAST_CHUNK, b"0X5\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_a_chunk_size_that_overflows(self, way):
        self.refuse(way, b"10000000000000005\r\nhello\r\n" + LAST_CHUNK, b"100000005\r\nhello\r\n" + LAST_CHUNK,
                    b"ffffffffffffffff\r\nhello\r\n" + LAST_CHUNK, b"5" * 200 + b"\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_a_chunk_size_with_blanks(self, way):
        self.refuse(way, b" 5\r\nhello\r\n" + LAST_CHUNK, b"5 \r\nhello\r\n" + LAST_CHUNK,
                    b"\t5\r\nhello\r\n" + LAST_CHUNK, b"5\t;a\r\nhello\r\n" + LAST_CHUNK, b"\r\n5\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_a_chunk_size_that_is_no_number(self, way):
        self.refuse(way, b"g\r\nhello\r\n" + LAST_CHUNK, b"\r\n\r\n", b"5_0\r\nhello\r\n" + LAST_CHUNK,
                    b"5\x00\r\nhello\r\n" + LAST_CHUNK, b"5,5\r\nhello\r\n" + LAST_CHUNK, b";a\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_a_chunk_without_its_line_end(self, way):
        self.refuse(way, b"5\r\nhello0\r\n\r\n", b"5\r\nhelloX\r\n" + LAST_CHUNK, b"5\r\nhelloworld\r\n" + LAST_CHUNK,
                    b"5\rXhello\r\n" + LAST_CHUNK)

    @every_way
    def test_a_last_chunk_that_is_missing(self, way):
        self.refuse(way, b"5\r\nhello\r\n\r\n\r\n")
        self.send(way, POST + CHUNKED + b"\r\n5\r\nhello\r\n")
        self.assertEqual(self.seen(way), [])

    @every_way
    def test_a_line_feed_in_a_chunk_extension(self, way):
        self.refuse(way, b"5;a=\"\n\"\r\nhello\r\n" + LAST_CHUNK, b"5;a\n5\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_chunk_extensions_are_not_passed_on(self, way):
        self.accept(way, b"5;a=b\r\nhello\r\n0;c\r\n\r\n", b"5;a=\"b;c\"\r\nhello\r\n" + LAST_CHUNK)

    @every_way
    def test_trailers_are_not_passed_on(self, way):
        self.accept(way, b"5\r\nhello\r\n0\r\nX-Authorization: Bearer x\r\nContent-Length: 9\r\n\r\n")

    @every_way
    def test_chunk_sizes_with_zeros_before_them_are_written_anew(self, way):
        self.accept(way, b"0000000005\r\nhello\r\n00000\r\n\r\n")

    @every_way
    def test_line_feeds_alone_are_line_ends_and_are_written_anew(self, way):
        self.accept(way, b"5\nhello\n0\n\n")


class TestHeaderLines(SmugglingCase):
    @every_way
    def test_obsolete_line_folding(self, way):
        for fold in (b" ", b"\t", b"   \t"):
            self.assert_refused(way, POST + b"Transfer-Encoding:\r\n" + fold + b"chunked\r\n\r\n" + LAST_CHUNK)
            self.assert_refused(way, POST + b"Content-Length:\r\n" + fold + b"5\r\n\r\nhello")
            self.assert_refused(way, POST + b"X-Other: a\r\n" + fold + b"Content-Length: 5\r\n\r\nhello")
            self.assert_refused(way, b"POST /api/x HTTP/1.1\r\n" + fold + b"Host: HOST\r\n\r\n")

    @every_way
    def test_a_space_before_the_colon(self, way):
        for name in (b"Content-Length ", b"Content-Length\t", b" Content-Length", b"X Content-Length"):
            self.assert_refused(way, POST + name + b": 5\r\n\r\nhello")
        self.assert_refused(way, POST + b"Transfer-Encoding : chunked\r\n\r\n" + LAST_CHUNK)
        self.assert_refused(way, POST + b"X-Authorization : Bearer x\r\n\r\n")

    @every_way
    def test_underscores_in_header_names(self, way):
        """Some servers take underscores for hyphens. Here that is another header, which is not forwarded."""
        self.assert_seen(way, POST + b"Content_Length: %d\r\nX_Authorization: Bearer x\r\nTransfer_Encoding: chunked\r\n"
                         b"\r\n" % len(SMUGGLED) + SMUGGLED, ("POST", "/api/x", b""), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_a_bare_carriage_return_in_a_header(self, way):
        for name in (b"Accept", b"X-Other", b"Content-Type", b"Connection"):
            self.assert_refused(way, POST + name + b": a\rTransfer-Encoding: chunked\r\n\r\n" + LAST_CHUNK)
            self.assert_refused(way, POST + name + b": a\r\rContent-Length: 5\r\n\r\nhello")

    @every_way
    def test_other_control_characters_in_a_header(self, way):
        for byte in (b"\x01", b"\x08", b"\x0b", b"\x0c", b"\x1f", b"\x7f"):
            for name in (b"Accept", b"X-Other", b"Content-Length"):
                self.assert_refused(way, POST + name + b": 5" + byte + b"\r\n\r\nhello")

    @every_way
    def test_a_bare_line_feed_in_a_header_ends_it(self, way):
        self.assert_seen(way, POST + b"X-Other: a\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
                         ("POST", "/api/x", b"hello"), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_a_nul_in_a_header(self, way):
        self.assert_refused(way, POST + b"X-Ot\0her: a\r\n\r\n")
        self.assert_refused(way, POST + b"Content-Length\0: 5\r\n\r\nhello")
        way.server.reset()
        self.assert_seen(way, POST + b"X-Other: a\0\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
                         ("POST", "/api/x", b"hello"), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_a_header_without_a_name(self, way):
        self.assert_refused(way, POST + b"Transfer-Encoding\r\n\r\n" + LAST_CHUNK)
        way.server.reset()
        self.assert_seen(way, POST + b": chunked\r\n\r\n", ("POST", "/api/x", b""))

    @every_way
    def test_connection_names_the_credential(self, way):
        for value in (b"X-Authorization", b"close, x-authorization", b"Host", b"Content-Length", b"Transfer-Encoding",
                      b"Content-Length, Host, X-Authorization"):
            way.server.reset()
            self.assert_seen(way, POST + b"X-Authorization: Bearer x\r\nContent-Length: 5\r\nConnection: " + value +
                             b"\r\n\r\nhello", ("POST", "/api/x", b"hello"))

    @every_way
    def test_two_hosts(self, way):
        for second in (b"HOST", b"example.org"):
            self.assert_refused(way, POST + b"Host: " + second + b"\r\n\r\n")


class TestRequestLines(SmugglingCase):
    @every_way
    def test_several_spaces_in_the_request_line(self, way):
        for line in (b"POST  /api/x HTTP/1.1", b"POST /api/x  HTTP/1.1", b" POST /api/x HTTP/1.1",
                     b"POST /api/x HTTP/1.1 ", b"POST /api/x y HTTP/1.1", b"POST\t/api/x HTTP/1.1",
                     b"POST /api/x\tHTTP/1.1", b"POST /api/x HTTP/1.1 HTTP/1.1"):
            way.server.reset()
            self.send(way, line + b"\r\nHost: HOST\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.assertIn(self.seen(way), ([], [("POST", "/api/x", b"")]), line)

    @every_way
    def test_a_request_line_in_the_target(self, way):
        for target in (b"/api/x%20HTTP/1.1%0d%0aX:%20y", b"/api/x\rHTTP/1.1", b"/api/x\x0bHTTP/1.1", b"/api/x\0HTTP/1.1"):
            self.assert_refused(way, b"GET " + target + b" HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")

    @every_way
    def test_an_absolute_form_target_against_host(self, way):
        self.assert_refused(way, b"GET http://example.org/api/x HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
                            (421,))

    @every_way
    def test_another_version_of_http(self, way):
        for version in (b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1", b"http/1.1", b"HTTP/1.1x", b"HTTP/ 1.1", b"HTTP/11"):
            self.assert_refused(way, POST.replace(b"HTTP/1.1", version) + b"Connection: close\r\n\r\n", (400, 505))

    @every_way
    def test_http_0_9(self, way):
        self.assert_refused(way, b"GET /api/x\r\n")
        self.assert_refused(way, b"GET /api/x\r\n\r\n")


class TestOneRequestBehindAnother(SmugglingCase):
    @every_way
    def test_a_request_behind_a_refused_one_that_has_a_clear_end(self, way):
        self.assertEqual(self.send(way, b"POST /api/a%00 HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello" +
                                   b"GET /api/next HTTP/1.1\r\nHost: HOST\r\n\r\n"), [400, 200])
        self.assertEqual(self.seen(way), [("GET", "/api/next", b"")])

    @every_way
    def test_a_request_in_the_body_of_a_refused_one(self, way):
        body = SMUGGLED.replace(b"HOST", b"localhost")
        for length in (b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
                       CHUNKED + b"\r\n%x\r\n%s\r\n" % (len(body), body) + LAST_CHUNK):
            self.assertEqual(self.send(way, b"POST /api/a%00 HTTP/1.1\r\nHost: HOST\r\n" + length), [400])
        self.assertEqual(self.seen(way), [])

    @every_way
    def test_a_request_in_the_body_of_a_good_one(self, way):
        body = SMUGGLED.replace(b"HOST", b"localhost")
        self.assert_seen(way, POST + b"Content-Length: %d\r\n\r\n" % len(body) + body, ("POST", "/api/x", body))

    @every_way
    def test_half_a_request_gets_no_end_from_the_next_client(self, way):
        self.send(way, POST + b"Content-Length: 100\r\n\r\nhello")
        self.assertEqual(way.get("/api/next").status, 200)
        self.assertEqual(self.seen(way), [("GET", "/api/next", b"")])


class TestUpgrades(SmugglingCase):
    HTTP_2 = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"

    @every_way
    def test_upgrade_to_h2c_is_not_passed_on(self, way):
        for more in (self.HTTP_2, b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
                     b"Connection: upgrade\r\nUpgrade: h2c\r\n",
                     b"Connection: HTTP2-Settings\r\nUpgrade: H2C, websocket\r\n", b"Upgrade: TLS/1.0\r\n"):
            way.server.reset()
            self.assert_seen(way, POST + more + b"Content-Length: 5\r\n\r\nhello", ("POST", "/api/x", b"hello"))

    @every_way
    def test_an_upgrade_without_101_opens_no_tunnel(self, way):
        self.assert_seen(way, b"GET /api/x HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" +
                         SMUGGLED, ("GET", "/api/x", b""), ("DELETE", "/api/smuggled", b""))

    @every_way
    def test_the_preface_of_http_2(self, way):
        self.assert_refused(way, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 405, 505))


del SmugglingCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
