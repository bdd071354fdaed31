# SPDX-License-Identifier: Apache-2.0
"""The request target: the path reaches the server in its canonical form, or is refused if it could be read in two ways; the
query passes unchanged."""
import tap
from ways import HttpCase, every_way

PREFIX = "/api/x"
LONGEST = 8192  # bytes of the canonical path and the query


class TestTargets(HttpCase):
    fronts = ("h2",)  # nghttpx drops an empty query

    def send(self, way, target, line=b"GET %s HTTP/1.1\r\n"):
        """Sends TARGET, in bytes, unchanged."""
        with way.connect() as connection:
            connection.send(line % target + b"Host: %s\r\n\r\n" % connection.host.encode())
            return connection.response()

    def assert_arrives(self, way, sent, seen):
        with self.subTest(sent=sent[:80]):
            way.server.reset()
            self.assertEqual(self.send(way, sent).status, 200)
            self.assertEqual([request.target for request in way.server.arrived()], [seen])

    def assert_refused(self, way, target, *statuses):
        with self.subTest(target=target[:80]):
            way.server.reset()
            self.assertIn(self.send(way, target).status, statuses or (400,))
            self.assertEqual(way.server.arrived(), [])

    @every_way
    def test_a_query_arrives_byte_for_byte(self, way):
        for query in ("?pageSize=10&page=0", "?", "?a", "?a=", "?=b", "?&&a=1&", "?b=2&a=1&b=2", "?a=b=c", "?a=1+2",
                      "?a=1%2B2", "?a=x%20y", "?a=%26%3D%3F%23%25", "?a=/b//c/../d?e", "?textSearch=%C3%A4",
                      "?keys=a,b;c:d@e!$'()*", "?a=%2F%5C%7C", "?token=abc", "?%61=%7e&b=%c3%bc%2f%2E"):
            self.assert_arrives(way, (PREFIX + query).encode(), PREFIX + query)

    @every_way
    def test_a_query_that_is_badly_encoded_is_the_servers_to_judge(self, way):
        for query in ("?textSearch=%zz", "?textSearch=%", "?textSearch=%C3%28", "?textSearch=%u0041",
                      "?textSearch=a%0d%0ab", "?a=%00", "?a=%7f", "?a=%4", "?%%41", "?a=%c0%af", "?a=%ff&b=%"):
            self.assert_arrives(way, (PREFIX + query).encode(), PREFIX + query)

    def test_a_query_with_bytes_that_are_no_url_is_the_servers_to_judge(self):
        for way in self.ways[:2]:  # the front encodes or refuses them itself
            for query in (b'?q={"a":[1|2]}<>^`\\', b"?a=\xc3\xa4\xff\x80", b"?a#b"):
                self.assert_arrives(way, PREFIX.encode() + query, PREFIX + query.decode("latin-1"))

    @every_way
    def test_the_query_does_not_change_the_path(self, way):
        for query in ("?/../../api/auth/changePassword", "?%2F..%2f", "?x?/-/live", "?;/api/auth/login"):
            self.assert_arrives(way, (PREFIX + query).encode(), PREFIX + query)
        for target in (b"/api/..?", b"/api/x;?a", b"/api//?/x"):
            self.assert_refused(way, target)

    @every_way
    def test_the_bare_api_is_the_servers(self, way):
        for target in (b"/api", b"/api/", b"/api?", b"/api?x"):
            self.assert_arrives(way, target, target.decode())

    @every_way
    def test_a_path_arrives_byte_for_byte(self, way):
        for path in ("/api/a-b_c.d~e/F", "/api/a%20b", "/api/%C3%A4%E2%82%AC%F0%9F%98%80", "/api/a+b,c:d@e!$&'()*=",
                     "/api/..a", "/api/a..", "/api/...", "/api/.a", "/api/a/", "/api/%25", "/api/%2525", "/api/a%3Fb",
                     "/api/a%23b"):
            self.assert_arrives(way, path.encode(), path)

    @every_way
    def test_what_needs_no_encoding_arrives_decoded(self, way):
        for sent, seen in ((b"/api/%61%5A%30%2D%2E%5F%7E", "/api/aZ0-._~"), (b"/%61pi/x?%61=%7e", "/api/x?%61=%7e")):
            self.assert_arrives(way, sent, seen)

    @every_way
    def test_percent_encoding_is_upper_case(self, way):
        self.assert_arrives(way, b"/api/%c3%a4?a=%c3%bc%2f", "/api/%C3%A4?a=%c3%bc%2f")

    @every_way
    def test_what_a_url_may_not_hold_arrives_encoded(self, way):
        self.assert_arrives(way, b"/api/\xc3\xa4", "/api/%C3%A4")
        self.assert_arrives(way, b'/api/a|b{c}"[d]<>^`', "/api/a%7Cb%7Bc%7D%22%5Bd%5D%3C%3E%5E%60")

    @every_way
    def test_encoded_slashes_and_backslashes_are_refused_in_the_path(self, way):
        for path in (b"/api/a%2Fb", b"/api/a%2fb", b"/api/a\\b", b"/api/a%5Cb", b"/api%2Fx", b"/api/%2F",
                     b"/api/..%2Fx"):
            self.assert_refused(way, path)

    @every_way
    def test_dot_segments_are_refused_however_they_are_written(self, way):
        for path in (b"/api/../x", b"/api/./x", b"/api/..", b"/api/.", b"/../api/x", b"/api/%2e%2e/x", b"/api/.%2E/x",
                     b"/api/%2e/x", b"/api/x/..", b"/..", b"/."):
            self.assert_refused(way, path)

    @every_way
    def test_empty_segments_and_semicolons_are_refused_in_the_path(self, way):
        for path in (b"/api//x", b"//api/x", b"/api/x//", b"/api/x;a=b", b"/api;a/x", b"/api/x%3Bb", b"/api/;"):
            self.assert_refused(way, path)

    @every_way
    def test_control_bytes_are_refused_in_the_path_and_raw_also_in_the_query(self, way):
        for target in (b"/api/x%00", b"/api/%0d%0ax", b"/api/%7F", b"/api/x\x01", b"/api/x\x00y", b"/api/x\x00?y",
                       b"/api/x?\x7f", b"/api/x?a=\x01", b"/api/x?a\x00b", b"/api/x?a\tb", b"/api/x?a b"):
            self.assert_refused(way, target)

    @every_way
    def test_a_fragment_is_refused_in_the_path(self, way):
        for target in (b"/api/x#y", b"/api/x#?a"):
            self.assert_refused(way, target)

    @every_way
    def test_broken_percent_encoding_is_refused_in_the_path(self, way):
        for target in (b"/api/%", b"/api/%4", b"/api/%4g", b"/api/%%41", b"/api/%4?1"):
            self.assert_refused(way, target)

    @every_way
    def test_invalid_utf_8_is_refused_in_the_path_encoded_or_not(self, way):
        for text in (b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xc3"):
            encoded = b"".join(b"%%%02X" % byte for byte in text)
            for written in (text, encoded):
                self.assert_refused(way, b"/api/" + written)

    @every_way
    def test_neither_the_authority_form_nor_an_asterisk_is_taken(self, way):
        for target in (b"*", b"api/x", b"example.org:443", b"127.0.0.1:%d" % self.server.port, b"?a=b", b"http:/api/x"):
            self.assert_refused(way, target)

    @every_way
    def test_a_target_too_long_is_refused(self, way):
        for start, unit, size in ((b"/api/x?a=", b"y", 1), (b"/api/", b"y", 1), (b"/api/", b"%61", 1),
                                  (b"/api/x?", b"%61", 3), (b"/api/", b"\xc3\xbc", 6)):
            count, rest = divmod(LONGEST - len(start), size)
            fits = start + b"y" * rest + unit * count
            with self.subTest(unit=unit):
                way.server.reset()
                self.assertEqual(self.send(way, fits).status, 200)
                self.assertEqual([len(request.target) for request in way.server.arrived()], [LONGEST])
            self.assert_refused(way, fits + b"y", 414)
        for length in (20000, 100000):
            self.assert_refused(way, b"/api/x?a=" + b"y" * length, 400, 414, 431)

    @every_way
    def test_rules_count_for_the_canonical_form(self, way):
        for path in (b"/api/auth/%63hangePassword", b"/%61pi/auth/changePassword"):
            with self.subTest(path=path):
                self.assertEqual(self.send(way, path, line=b"POST %s HTTP/1.1\r\nContent-Length: 0\r\n").status, 403)
        self.assertEqual(self.send(way, b"/%2D/live").status, 200)
        self.assertEqual(way.server.arrived(), [])

    @every_way
    def test_the_query_of_a_websocket_target_is_left_out(self, way):
        for sent, seen in ((b"/api/ws?token=abc", "/api/ws"), (b"/api/ws/plugins/telemetry?token=abc&a=1",
                           "/api/ws/plugins/telemetry"), (b"/api/ws?a=1&%74oken%3dabc&b=2", "/api/ws"),
                           (b"/%61pi/ws?a=%26token=abc", "/api/ws")):
            self.assert_arrives(way, sent, seen)


if __name__ == "__main__":
    tap.main()
