# SPDX-License-Identifier: Apache-2.0
"""Which headers pass, in both directions, and that only tbproxyd's credential reaches the server."""
import tap
from harness import Case, answer
from ways import HttpCase, every_way

TARGET = "/api/tenant/devices?pageSize=10&page=0"

# All headers that a request to the server may have besides the program's.
OWN = {"host", "x-authorization"}


class TestRequestHeaders(HttpCase):
    options = {"forward.request_headers": "X-Extra, traceparent,X-Authorization, Cookie,Host,Origin"}

    def arriving(self, way, headers, method="GET", target=TARGET, body=None):
        """The names and values of the headers that reach the server."""
        way.server.reset()
        self.assertEqual(way.call(method, target, headers, body).status, 200)
        request, = way.server.arrived()
        return [(name.lower(), value) for name, value in request.headers if (name, value) != ("Connection", "close")]

    @every_way
    def test_a_bare_request_brings_nothing_but_host_and_credential(self, way):
        self.assertEqual(sorted(name for name, _ in self.arriving(way, [])), sorted(OWN))

    @every_way
    def test_credentials_of_the_program_do_not_pass(self, way):
        for name, value in (("X-Authorization", "Bearer of-the-program"), ("Authorization", "Basic cHJvZ3JhbQ=="),
                            ("x-authorization", "ApiKey of-the-program"), ("Proxy-Authorization", "Basic cHJvZw=="),
                            ("Cookie", "session=of-the-program"), ("AUTHORIZATION", "Bearer of-the-program")):
            with self.subTest(name=name):
                seen = self.arriving(way, [(name, value)])
                self.assertEqual(sorted(key for key, _ in seen), sorted(OWN))
                self.assertNotIn(value, [text for _, text in seen])

    @every_way
    def test_there_is_exactly_one_credential_however_many_the_program_sends(self, way):
        seen = self.arriving(way, [("X-Authorization", "Bearer a")] * 3 + [("Authorization", "Bearer b")])
        values = [value for name, value in seen if name == "x-authorization"]
        self.assertEqual(values, ["ApiKey tb_key-for-a-scripted-server"])

    @every_way
    def test_what_tells_of_the_program_or_its_connection_does_not_pass(self, way):
        for name, value in (("Forwarded", "for=1.2.3.4"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Host", "evil"),
                            ("X-Forwarded-Proto", "https"), ("X-Real-IP", "1.2.3.4"), ("Via", "1.1 x"),
                            ("X-Anything", "1"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk"), ("TE", "trailers"),
                            ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("Sec-Fetch-Site", "none"),
                            ("X-HTTP-Method-Override", "DELETE"), ("Sec-WebSocket-Key", "x"), ("X-Original-URL", "/")):
            with self.subTest(name=name):
                self.assertEqual(sorted(key for key, _ in self.arriving(way, [(name, value)])), sorted(OWN))

    def test_the_listeners_own_origin_and_referer_do_not_pass(self):
        for way in self.ways:
            own = "http://localhost:%d" % way.proxy.port if not way.unix else "http://any"
            seen = self.arriving(way, [("Origin", own), ("Referer", own + "/swagger-ui/")])
            self.assertEqual(sorted(name for name, _ in seen), sorted(OWN))

    @every_way
    def test_allowed_headers_pass_with_their_value(self, way):
        for name, value in (("Accept", "application/json"), ("Accept-Encoding", "identity"), ("Accept-Language", "de"),
                            ("If-Match", '"1"'), ("If-None-Match", '"1", W/"2"'), ("If-Range", '"x"'),
                            ("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"), ("Range", "bytes=0-1"),
                            ("If-Unmodified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"), ("X-Mobile-Token", "abc"),
                            ("User-Agent", "a program/1.0 (x)"), ("X-Extra", "configured"),
                            ("Traceparent", "00-1-2-01")):
            with self.subTest(name=name):
                self.assertIn((name.lower(), value), self.arriving(way, [(name, value)]))

    @every_way
    def test_content_type_and_length_pass_with_a_body(self, way):
        headers = [("Content-Type", "application/json;charset=UTF-8")]
        seen = self.arriving(way, headers, "POST", "/api/device", b'{"name":"headers","type":"default"}')
        self.assertEqual([value for name, value in seen if name == "content-type"], ["application/json;charset=UTF-8"])
        self.assertEqual([value for name, value in seen if name == "content-length"], ["35"])

    @every_way
    def test_a_header_that_connection_names_does_not_pass(self, way):
        for connection in ("X-Mobile-Token", "keep-alive, x-mobile-token", "close,X-Mobile-Token"):
            with self.subTest(connection=connection):
                seen = self.arriving(way, [("X-Mobile-Token", "abc"), ("Connection", connection)])
                self.assertEqual(sorted(name for name, _ in seen), sorted(OWN))

    @every_way
    def test_connection_cannot_take_off_the_credential(self, way):
        seen = self.arriving(way, [("Connection", "X-Authorization, Host")])
        self.assertEqual(sorted(name for name, _ in seen), sorted(OWN))

    @every_way
    def test_a_header_that_stands_twice_passes_twice(self, way):
        seen = self.arriving(way, [("X-Extra", "1"), ("X-Extra", "2")])
        self.assertEqual([value for name, value in seen if name == "x-extra"], ["1", "2"])

    @every_way
    def test_an_empty_header_is_harmless(self, way):
        for name in ("Accept", "X-Mobile-Token", "User-Agent", "Cookie", "X-Authorization"):
            with self.subTest(name=name):
                self.assertIn("x-authorization", [key for key, _ in self.arriving(way, [(name, "")])])


class TestCredentialHeader(Case):
    def test_it_is_the_one_that_the_session_holds(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        proxy.get(TARGET)
        proxy.get(TARGET)
        tokens = [value for entry in sim.requests(TARGET.split("?")[0]) for name, value in entry["headers"]
                  if name == "X-Authorization"]
        self.assertEqual((len(tokens), len(set(tokens))), (2, 1))
        self.assertTrue(tokens[0].startswith("Bearer ey"))

    def test_an_api_key_is_the_only_credential_that_reaches_the_server(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, credential="api_key")
        proxy.call("GET", TARGET, [("X-Authorization", "Bearer x"), ("Authorization", "ApiKey y")])
        for entry in sim.requests():
            values = [value for name, value in entry["headers"] if "authorization" in name.lower()]
            self.assertEqual(values, ["ApiKey " + sim.api_key])


class TestAnswerHeaders(HttpCase):
    def answered(self, way, headers, status=200):
        """Sends a response with these headers through. Returns the program's headers that have one of their names."""
        way.server.answer_with(answer(status, b"body", headers))
        reply = way.get("/api/x")
        self.assertEqual((reply.status, reply.body), (status, b"body"))
        names = {name.lower() for name, _ in headers}
        return [(name, value) for name, value in reply.headers if name.lower() in names]

    @every_way
    def test_the_servers_headers_pass_in_number_and_order(self, way):
        headers = [("ETag", '"abc"'), ("Cache-Control", "no-cache"), ("Content-Type", "image/svg+xml"),
                   ("Content-Encoding", "gzip"), ("Content-Disposition", 'attachment; filename="a b"'),
                   ("X-Own", "one"), ("X-Own", "two"), ("Vary", "Origin"),
                   ("Date", "Sat, 29 Oct 1994 19:43:31 GMT"), ("Warning", "caf\xe9"), ("Retry-After", "5")]
        got = self.answered(way, headers)
        if way.server_speaks == "HTTP/1.1":  # h2 has lower-case names, and the front changes the order
            self.assertEqual(got, headers)
        self.assertEqual(sorted((name.lower(), value) for name, value in got),
                         sorted((name.lower(), value) for name, value in headers))

    @every_way
    def test_lines_of_one_name_keep_their_number_and_order(self, way):
        for name in ("Link", "Warning", "Vary", "X-Own", "WWW-Authenticate", "Allow"):
            values = ["b, c", "a", "a", "b;q=1"]
            got = self.answered(way, [(name, value) for value in values])
            self.assertEqual([value for _, value in got], values)

    @every_way
    def test_what_would_let_web_pages_in_does_not_pass(self, way):
        headers = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true"),
                   ("access-control-expose-headers", "x"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"),
                   ("Alt-Svc", 'h3=":443"'), ("Strict-Transport-Security", "max-age=1"), ("X-Kept", "1")]
        self.assertEqual([(name.lower(), value) for name, value in self.answered(way, headers)], [("x-kept", "1")])

    def test_what_belongs_to_the_servers_connection_does_not_pass(self):
        for way in self.ways[:2]:  # HTTP/2 has no such headers
            got = self.answered(way, [("Upgrade", "h2c"), ("Keep-Alive", "timeout=9"), ("Proxy-Connection", "keep-alive"),
                                      ("X-Kept", "1")])
            self.assertEqual(sorted(got), [("Keep-Alive", "timeout=75"), ("X-Kept", "1")])
            got = self.answered(way, [("Connection", "X-Hop, keep-alive"), ("X-Hop", "1"), ("X-Kept", "1")])
            self.assertEqual(sorted(got), [("Connection", "Keep-Alive"), ("X-Kept", "1")])

    @every_way
    def test_a_header_without_a_value_is_left_out(self, way):
        """libmicrohttpd cannot send a header without a value."""
        self.assertEqual(self.answered(way, [("Accept-Patch", ""), ("X-Kept", "1")])[-1][1], "1")

    def test_a_folded_header_is_502(self):
        for way in self.ways[:2]:  # the front unfolds or refuses it itself
            for fold in (b" b", b"\tb: c"):
                way.server.answer_with(b"HTTP/1.1 200 \r\nX-Own: a\r\n" + fold + b"\r\nContent-Length: 0\r\n\r\n")
                self.assert_error(way.get("/api/x"), 502, 2, "folded")

    def test_two_lengths_are_502(self):
        for way in self.ways[:2]:  # the front checks them itself
            for headers in (b"Content-Length: 2\r\nContent-Length: 4\r\n", b"Content-Length: 4\r\nContent-Length: 2\r\n",
                            b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"Content-Length: 2, 4\r\n",
                            b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"):
                way.server.answer_with(b"HTTP/1.1 200 \r\n" + headers + b"\r\n2\r\nok\r\n0\r\n\r\n", kept=False)
                self.assert_error(way.get("/api/x"), 502, 2)
            way.server.answer_with(b"HTTP/1.1 200 \r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")
            self.assertEqual(way.get("/api/x").body, b"ok")

    @every_way
    def test_a_location_on_the_server_becomes_one_here(self, way):
        url = way.proxy.options["upstream.url"]
        for sent, seen in ((url + "/api/other?x=y", "/api/other?x=y"), ("/api/other", "/api/other"),
                           (url.upper() + "/api/other", "/api/other"), ("https://example.org/x", "https://example.org/x"),
                           ("other", "other"), (url + "0/api/x", url + "0/api/x"), ("//example.org/x", "//example.org/x"),
                           (url, "/"), (url + "?x=y", "/?x=y"), (url + "#f", "/#f"), (url + "?//evil.example", "/?//evil.example"),
                           (url[url.index("//"):] + "/api/other", "/api/other"), (url[url.index("//"):], "/")):
            with self.subTest(location=sent):
                way.server.reset()
                self.assertEqual([value for _, value in self.answered(way, [("Location", sent)], 302)], [seen])
                self.assertEqual(len(way.server.arrived()), 1)  # not followed

    @every_way
    def test_a_location_on_the_server_does_not_become_another_host(self, way):
        """It stays unchanged. So does one with a user, and Content-Location always."""
        url = way.proxy.options["upstream.url"]
        for path in ("//evil.example/", "///evil.example", "/\\evil.example", "/\\/evil.example", "//", "/\t/evil.example",
                     "/\t\t\\evil.example/x", "\\\\evil.example", "@evil.example/", ":80@evil.example/"):
            with self.subTest(path=path):
                self.assertEqual([value for _, value in self.answered(way, [("Location", url + path)], 302)], [url + path])
        for path in ("/x//evil.example/", "/.//evil.example", "/x\\\\y", "/@evil.example", "/\tx", "/?//evil.example"):
            with self.subTest(path=path):
                self.assertEqual([value for _, value in self.answered(way, [("Location", url + path)], 302)], [path])
        scheme_relative = url[url.index("//"):] + "//evil.example/"
        self.assertEqual([value for _, value in self.answered(way, [("Location", scheme_relative)], 302)], [scheme_relative])
        other = url.replace("://", "://user@")
        got = self.answered(way, [("Location", other + "/x"), ("Content-Location", url + "//x")], 302)
        self.assertEqual([value for _, value in got], [other + "/x", url + "//x"])

    @every_way
    def test_statuses_pass_with_their_bodies(self, way):
        for status in (200, 201, 202, 203, 206, 300, 301, 400, 402, 403, 404, 405, 406, 409, 410, 412, 415, 418,
                       422, 451, 500, 501, 502, 503, 504, 599):
            way.server.answer_with(answer(status, b"body"))
            got = way.get("/api/x")
            self.assertEqual((got.status, got.body), (status, b"body"))
            self.assertIsNone(got.header("Proxy-Status"))


if __name__ == "__main__":
    tap.main()
