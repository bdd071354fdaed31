# SPDX-License-Identifier: Apache-2.0
"""Which headers pass, in both directions, and that only tbproxyd's credential reaches the server."""
import tap
from harness import Case, answer, build

TARGET = "/api/tenant/devices?pageSize=10&page=0"

# Everything that a request may have on its way to the server, besides what the program's allowed headers add.
OWN = {"host", "x-authorization"}


class TestRequestHeaders(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon({"forward.request_headers": "X-Extra, traceparent,X-Authorization, Cookie,Host,Origin"})

    def arriving(self, headers, method="GET", target=TARGET, body=None, unix=False):
        """The names and values that reach the server."""
        self.sim.forget()
        self.assertEqual(self.proxy.call(method, target, headers, body, unix=unix).status, 200)
        return [(name.lower(), value) for name, value in self.sim.requests()[-1]["headers"]]

    def test_a_bare_request_brings_nothing_but_host_and_credential(self):
        for unix in (False, True):
            self.assertEqual(sorted(name for name, _ in self.arriving([], unix=unix)), sorted(OWN))

    def test_credentials_of_the_program_do_not_pass(self):
        for name, value in (("X-Authorization", "Bearer of-the-program"), ("Authorization", "Basic cHJvZ3JhbQ=="),
                            ("x-authorization", "ApiKey of-the-program"), ("Proxy-Authorization", "Basic cHJvZw=="),
                            ("Cookie", "session=of-the-program"), ("AUTHORIZATION", "Bearer of-the-program")):
            with self.subTest(name=name):
                seen = self.arriving([(name, value)])
                self.assertEqual(sorted(key for key, _ in seen), sorted(OWN))
                self.assertNotIn(value, [text for _, text in seen])

    def test_there_is_exactly_one_credential_however_many_the_program_sends(self):
        seen = self.arriving([("X-Authorization", "Bearer a")] * 3 + [("Authorization", "Bearer b")])
        values = [value for name, value in seen if name == "x-authorization"]
        self.assertEqual(len(values), 1)
        self.assertTrue(values[0].startswith("Bearer ey"))

    def test_what_tells_of_the_program_or_its_connection_does_not_pass(self):
        for name, value in (("Forwarded", "for=1.2.3.4"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Host", "evil"),
                            ("X-Forwarded-Proto", "https"), ("X-Real-IP", "1.2.3.4"), ("Via", "1.1 x"),
                            ("X-Anything", "1"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk"), ("TE", "trailers"),
                            ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("Sec-Fetch-Site", "none"),
                            ("X-HTTP-Method-Override", "DELETE"), ("Sec-WebSocket-Key", "x"), ("X-Original-URL", "/")):
            with self.subTest(name=name):
                self.assertEqual(sorted(key for key, _ in self.arriving([(name, value)])), sorted(OWN))

    def test_the_listeners_own_origin_and_referer_do_not_pass(self):
        own = "http://localhost:%d" % self.proxy.port
        seen = self.arriving([("Origin", own), ("Referer", own + "/swagger-ui/")])
        self.assertEqual(sorted(name for name, _ in seen), sorted(OWN))

    def test_allowed_headers_pass_with_their_value(self):
        for name, value in (("Accept", "application/json"), ("Accept-Encoding", "identity"), ("Accept-Language", "de"),
                            ("If-Match", '"1"'), ("If-None-Match", '"1", W/"2"'), ("If-Range", '"x"'),
                            ("If-Modified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"), ("Range", "bytes=0-1"),
                            ("If-Unmodified-Since", "Sat, 29 Oct 1994 19:43:31 GMT"), ("X-Mobile-Token", "abc"),
                            ("User-Agent", "a program/1.0 (x)"), ("X-Extra", "configured"),
                            ("Traceparent", "00-1-2-01")):
            with self.subTest(name=name):
                self.assertIn((name.lower(), value), self.arriving([(name, value)]))

    def test_content_type_and_length_pass_with_a_body(self):
        headers = [("Content-Type", "application/json;charset=UTF-8")]
        seen = self.arriving(headers, "POST", "/api/device", b'{"name":"headers","type":"default"}')
        self.assertEqual([value for name, value in seen if name == "content-type"], ["application/json;charset=UTF-8"])
        self.assertEqual([value for name, value in seen if name == "content-length"], ["35"])

    def test_a_header_that_connection_names_does_not_pass(self):
        for connection in ("X-Mobile-Token", "keep-alive, x-mobile-token", "close,X-Mobile-Token"):
            with self.subTest(connection=connection):
                seen = self.arriving([("X-Mobile-Token", "abc"), ("Connection", connection)])
                self.assertEqual(sorted(name for name, _ in seen), sorted(OWN))

    def test_connection_cannot_take_off_the_credential(self):
        seen = self.arriving([("Connection", "X-Authorization, Host")])
        self.assertEqual(sorted(name for name, _ in seen), sorted(OWN))

    def test_a_header_that_stands_twice_passes_twice(self):
        seen = self.arriving([("X-Extra", "1"), ("X-Extra", "2")])
        self.assertEqual([value for name, value in seen if name == "x-extra"], ["1", "2"])

    def test_the_credential_is_the_one_that_the_session_holds(self):
        self.sim.forget()
        self.sim.set(outdateAccessTokens=True)
        values = [[value for name, value in self.arriving([]) if name == "x-authorization"] for _ in range(2)]
        self.assertEqual(values[0], values[1])

    def test_an_empty_header_is_harmless(self):
        for name in ("Accept", "X-Mobile-Token", "User-Agent", "Cookie", "X-Authorization"):
            with self.subTest(name=name):
                self.assertIn("x-authorization", [key for key, _ in self.arriving([(name, "")])])


class TestApiKeyHeader(Case):
    def test_an_api_key_is_the_only_credential_that_reaches_the_server(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, credential="api_key")
        proxy.call("GET", TARGET, [("X-Authorization", "Bearer x"), ("Authorization", "ApiKey y")])
        for entry in sim.requests():
            values = [value for name, value in entry["headers"] if "authorization" in name.lower()]
            self.assertEqual(values, ["ApiKey " + sim.api_key])


class TestAnswerHeaders(Case):
    def setUp(self):
        self.headers = []
        self.status = 200

        def handle(peer, request):
            peer.send(answer(self.status, b"body", self.headers))
            return True
        self.server = self.start_scripted(handle)
        self.proxy = self.start_daemon(self.server)

    def test_the_servers_headers_pass_in_number_and_order(self):
        self.headers = [("ETag", '"abc"'), ("Cache-Control", "no-cache"), ("Content-Type", "image/svg+xml"),
                        ("Content-Encoding", "gzip"), ("Content-Disposition", 'attachment; filename="a b"'),
                        ("X-Own", "one"), ("X-Own", "two"), ("Vary", "Origin"),
                        ("Date", "Sat, 29 Oct 1994 19:43:31 GMT"), ("Warning", "caf\xe9"), ("Retry-After", "5")]
        got = self.proxy.get("/api/x")
        names = {name.lower() for name, _ in self.headers}
        self.assertEqual([pair for pair in got.headers if pair[0].lower() in names], self.headers)

    def test_what_would_let_web_pages_in_does_not_pass(self):
        self.headers = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Credentials", "true"),
                        ("access-control-expose-headers", "x"), ("Set-Cookie", "a=b"), ("Alt-Svc", 'h3=":443"'),
                        ("Strict-Transport-Security", "max-age=1"), ("Upgrade", "h2c"), ("Keep-Alive", "timeout=9"),
                        ("Proxy-Connection", "keep-alive"), ("X-Kept", "1")]
        names = {name.lower() for name, _ in self.headers}
        got = [name.lower() for name, _ in self.proxy.get("/api/x").headers]
        self.assertEqual([name for name in got if name in names], ["x-kept"])

    def test_a_header_that_the_servers_connection_names_does_not_pass(self):
        self.headers = [("Connection", "X-Hop, keep-alive"), ("X-Hop", "1"), ("X-Kept", "1")]
        got = self.proxy.get("/api/x")
        self.assertEqual((got.header("X-Hop"), got.header("X-Kept")), (None, "1"))

    def test_a_location_on_the_server_becomes_one_here(self):
        self.status = 302
        for sent, seen in ((self.server.url + "/api/other?x=y", "/api/other?x=y"), ("/api/other", "/api/other"),
                           ("https://example.org/x", "https://example.org/x"), ("other", "other"),
                           (self.server.url + "0/api/x", self.server.url + "0/api/x")):
            with self.subTest(location=sent):
                self.headers = [("Location", sent)]
                before = len(self.server.requests)
                got = self.proxy.get("/api/x")
                self.assertEqual((got.status, got.header("Location")), (302, seen))
                self.assertEqual(len(self.server.requests), before + 1)  # not followed

    def test_statuses_pass_with_their_bodies(self):
        for self.status in (200, 201, 202, 203, 206, 300, 301, 400, 402, 403, 404, 405, 406, 409, 410, 412, 415, 418,
                            422, 451, 500, 501, 502, 503, 504, 599):
            got = self.proxy.get("/api/x")
            self.assertEqual((got.status, got.body), (self.status, b"body"))
            self.assertIsNone(got.header("Proxy-Status"))

    def test_answers_that_have_no_body_keep_the_connection_in_step(self):
        with self.proxy.connect() as connection:
            for status in (204, 304):
                self.server.handle = lambda peer, request: peer.send(
                    b"HTTP/1.1 %d \r\nETag: \"1\"\r\n\r\n" % status) or True
                self.assertEqual(connection.request("GET", "/api/x").status, status)
            self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})

    def test_head_passes_the_length_that_get_would_have(self):
        self.server.handle = lambda peer, request: peer.send(b"HTTP/1.1 200 \r\nContent-Length: 12345\r\n\r\n") or True
        with self.proxy.connect() as connection:
            connection.send(build("HEAD", "/api/x", host=connection.host) +
                            build("GET", "/-/live", host=connection.host))
            head = connection.response("HEAD")
            self.assertEqual((head.status, head.header("Content-Length")), (200, "12345"))
            self.assertEqual(connection.response().json(), {"live": True})

    def test_head_of_unknown_length_keeps_the_connection_in_step(self):
        self.server.handle = lambda peer, request: peer.send(
            b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n") or True
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                head = connection.request("HEAD", "/api/x")
                self.assertEqual(head.status, 200)
                if (head.header("Connection") or "").lower() == "close":
                    self.assertEqual(connection.rest(), b"")
                else:
                    self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})


if __name__ == "__main__":
    tap.main()
