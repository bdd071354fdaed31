# SPDX-License-Identifier: Apache-2.0
"""The request target: one canonical form reaches the server, and what could be read in two ways is refused."""
import tap
from harness import Case, Connection

PREFIX = "/api/x"


class TestTargets(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon()

    def setUp(self):
        self.sim.forget()

    def send(self, target, unix=False, line=b"GET %s HTTP/1.1\r\n"):
        """TARGET as it is, in bytes."""
        with Connection(self.proxy.unix_path if unix else self.proxy.address) as connection:
            connection.send(line % target + b"Host: %s\r\n\r\n" % connection.host.encode())
            return connection.response()

    def assert_arrives(self, sent, seen):
        for unix in (False, True):
            with self.subTest(sent=sent, unix=unix):
                self.sim.forget()
                self.assertEqual(self.send(sent, unix).header("Proxy-Status"), None)
                self.assertEqual([entry["target"] for entry in self.sim.requests()], [seen])

    def assert_refused(self, target, *statuses):
        for unix in (False, True):
            with self.subTest(target=target[:80], unix=unix):
                self.sim.forget()
                self.assertIn(self.send(target, unix).status, statuses or (400,))
                self.assertEqual(self.sim.requests(), [])
        self.assert_serves(self.proxy)

    def test_a_query_arrives_byte_for_byte(self):
        for query in ("?pageSize=10&page=0", "?", "?a", "?a=", "?=b", "?&&a=1&", "?b=2&a=1&b=2", "?a=b=c", "?a=1+2",
                      "?a=1%2B2", "?a=x%20y", "?a=%26%3D%3F%23%25", "?a=/b//c/../d?e", "?textSearch=%C3%A4",
                      "?keys=a,b;c:d@e!$'()*", "?a=%2F%5C%7C", "?token=abc"):
            self.assert_arrives((PREFIX + query).encode(), PREFIX + query)

    def test_a_path_arrives_byte_for_byte(self):
        for path in ("/api/a-b_c.d~e/F", "/api/a%20b", "/api/%C3%A4%E2%82%AC%F0%9F%98%80", "/api/a+b,c:d@e!$&'()*=",
                     "/api/..a", "/api/a..", "/api/...", "/api/.a", "/api/a/", "/api/%25", "/api/%2525", "/api/a%3Fb",
                     "/api/a%23b"):
            self.assert_arrives(path.encode(), path)

    def test_what_needs_no_encoding_arrives_decoded(self):
        for sent, seen in ((b"/api/%61%5A%30%2D%2E%5F%7E", "/api/aZ0-._~"), (b"/api/x?%61=%7e", "/api/x?a=~"),
                           (b"/%61pi/x", "/api/x")):
            self.assert_arrives(sent, seen)

    def test_percent_encoding_is_upper_case(self):
        self.assert_arrives(b"/api/%c3%a4?a=%c3%bc%2f", "/api/%C3%A4?a=%C3%BC%2F")

    def test_what_a_url_may_not_hold_arrives_encoded(self):
        self.assert_arrives(b'/api/\xc3\xa4?q={"a":[1|2]}<>^`', "/api/%C3%A4?q=%7B%22a%22:%5B1%7C2%5D%7D%3C%3E%5E%60")
        self.assert_arrives(b"/api/a|b{c}", "/api/a%7Cb%7Bc%7D")

    def test_encoded_slashes_and_backslashes_are_refused_in_the_path(self):
        for path in (b"/api/a%2Fb", b"/api/a%2fb", b"/api/a\\b", b"/api/a%5Cb", b"/api%2Fx", b"/api/%2F",
                     b"/api/..%2Fx"):
            self.assert_refused(path)

    def test_dot_segments_are_refused_however_they_are_written(self):
        for path in (b"/api/../x", b"/api/./x", b"/api/..", b"/api/.", b"/../api/x", b"/api/%2e%2e/x", b"/api/.%2E/x",
                     b"/api/%2e/x", b"/api/x/..", b"/..", b"/."):
            self.assert_refused(path)

    def test_empty_segments_and_semicolons_are_refused_in_the_path(self):
        for path in (b"/api//x", b"//api/x", b"/api/x//", b"/api/x;a=b", b"/api;a/x", b"/api/x%3Bb", b"/api/;"):
            self.assert_refused(path)

    def test_control_bytes_are_refused_everywhere(self):
        for target in (b"/api/x%00", b"/api/x?a=%00", b"/api/%0d%0ax", b"/api/x?a=%0A", b"/api/%7F", b"/api/x?%1f",
                       b"/api/x\x01", b"/api/x?\x7f", b"/api/x\x00y"):
            self.assert_refused(target)

    def test_a_fragment_is_refused(self):
        for target in (b"/api/x#y", b"/api/x?a#b"):
            self.assert_refused(target)

    def test_broken_percent_encoding_is_refused(self):
        for target in (b"/api/%", b"/api/%4", b"/api/%4g", b"/api/%%41", b"/api/x?a=%", b"/api/x?a=%zz"):
            self.assert_refused(target)

    def test_invalid_utf_8_is_refused_encoded_or_not(self):
        for text in (b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xc3"):
            encoded = b"".join(b"%%%02X" % byte for byte in text)
            for written in (text, encoded):
                self.assert_refused(b"/api/" + written)
                self.assert_refused(b"/api/x?a=" + written)

    def test_neither_the_authority_form_nor_an_asterisk_is_taken(self):
        for target in (b"*", b"api/x", b"example.org:443", b"127.0.0.1:%d" % self.sim.port, b"?a=b", b"http:/api/x"):
            self.assert_refused(target)

    def test_a_target_too_long_is_refused(self):
        self.assert_arrives(b"/api/x?a=" + b"y" * 4000, "/api/x?a=" + "y" * 4000)
        for length in (9000, 20000, 100000):
            self.assert_refused(b"/api/x?a=" + b"y" * length, 400, 414, 431)

    def test_rules_count_for_the_canonical_form(self):
        for path in (b"/api/auth/%63hangePassword", b"/%61pi/auth/changePassword"):
            with self.subTest(path=path):
                self.assertEqual(self.send(path, line=b"POST %s HTTP/1.1\r\nContent-Length: 0\r\n").status, 403)
        self.assertEqual(self.send(b"/%2D/live").status, 200)
        self.assertEqual(self.sim.requests(), [])

    def test_the_token_of_a_websocket_target_is_taken_out(self):
        for sent, seen in ((b"/api/ws?token=abc", "/api/ws?"), (b"/api/ws/plugins/telemetry?token=abc&a=1",
                           "/api/ws/plugins/telemetry?a=1"), (b"/api/ws?a=1&%74oken=abc&b=2", "/api/ws?a=1&b=2")):
            self.assert_arrives(sent, seen)


if __name__ == "__main__":
    tap.main()
