# SPDX-License-Identifier: Apache-2.0
"""Every method that the API knows, with and without a body; and methods that tbproxyd does not forward."""
import tap
from client import build
from scripted import answer
from ways import HttpCase, every_way

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class TestMethods(HttpCase):
    @every_way
    def test_every_method_reaches_the_server_with_its_body(self, way):
        for method in METHODS:
            for body in (None, b"", b"x", b'{"a":1}', bytes(range(256))):
                way.server.reset()
                reply = way.call(method, "/api/thing", body=body)
                self.assertEqual((reply.status, reply.body), (200, b"ok"))
                self.assertEqual([(request.method, request.target, request.body) for request in way.server.arrived()],
                                 [(method, "/api/thing", body or b"")])

    @every_way
    def test_head_with_a_body_goes_without(self, way):
        for body in (b"x", b"x" * (2 << 20)):
            way.server.reset()
            reply = way.call("HEAD", "/api/thing", body=body)
            self.assertEqual((reply.status, reply.body), (200, b""))
            self.assertEqual([(request.method, request.body) for request in way.server.arrived()], [("HEAD", b"")])

    @every_way
    def test_a_request_without_a_body_gets_none(self, way):
        for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
            way.server.reset()
            way.call(method, "/api/thing")
            request, = way.server.arrived()
            for name in ("Transfer-Encoding", "Content-Length", "Content-Type"):
                self.assertIsNone(request.header(name), method)

    @every_way
    def test_an_empty_body_says_so(self, way):
        for method in ("POST", "PUT", "PATCH"):
            for body in (b"", None):
                way.server.reset()
                way.call(method, "/api/thing", body=body)
                self.assertEqual(way.server.arrived()[0].header("Content-Length"), "0")

    @every_way
    def test_the_media_type_of_a_patch_passes(self, way):
        way.call("PATCH", "/api/thing", [("Content-Type", "application/json-patch+json")], b"[]")
        self.assertEqual(way.server.arrived()[0].header("Content-Type"), "application/json-patch+json")

    @every_way
    def test_options_are_the_servers(self, way):
        way.server.answer_with(answer(200, b"", [("Allow", "GET,HEAD,POST,OPTIONS")]))
        reply = way.call("OPTIONS", "/api/thing")
        self.assertEqual((reply.status, reply.header("Allow"), reply.body), (200, "GET,HEAD,POST,OPTIONS", b""))

    @every_way
    def test_options_of_the_whole_server_are_refused(self, way):
        self.assert_error(way.call("OPTIONS", "*"), 400, 31)
        self.assertEqual(way.server.arrived(), [])

    @every_way
    def test_a_method_that_the_api_does_not_know_is_refused(self, way):
        for method in ("BREW", "PROPFIND", "get", "CONNECT", "TRACE", "TRACK", "X" * 100):
            self.assertIn(way.call(method, "/api/thing").status, (400, 405), method)
        self.assertEqual(way.server.arrived(), [])


class TestHead(HttpCase):
    @every_way
    def test_it_has_the_headers_of_get_and_no_body(self, way):
        headers = [("ETag", '"a"'), ("Content-Type", "image/png"), ("X-Own", "1"), ("X-Own", "2")]
        way.server.answer_with(lambda request: answer(200, b"body", headers)[:-4 if request.method == "HEAD" else None])
        names = {"content-length", *(name.lower() for name, _ in headers)}
        got = {}
        for method in ("GET", "HEAD"):
            with way.connect() as connection:
                reply = connection.request(method, "/api/thing", [("Connection", "close")])
                self.assertEqual(connection.rest(), b"")
            got[method] = [pair for pair in reply.headers if pair[0].lower() in names]
        self.assertEqual(got["HEAD"], got["GET"])
        self.assertEqual(len(got["HEAD"]), 5)

    @every_way
    def test_it_passes_the_length_that_get_would_have(self, way):
        for status in (200, 404):
            way.server.answer_with(b"HTTP/1.1 %d \r\nContent-Length: 12345\r\n\r\n" % status)
            with way.connect() as connection:
                connection.send(build("HEAD", "/api/x", host=connection.host) +
                                build("GET", "/-/live", host=connection.host))
                head = connection.response("HEAD")
                self.assertEqual((head.status, head.header("Content-Length")), (status, "12345"))
                self.assertEqual(connection.response().json(), {"live": True})

    @every_way
    def test_of_unknown_length_it_keeps_the_connection_in_step(self, way):
        for headers in (b"Transfer-Encoding: chunked\r\n", b"ETag: \"a\"\r\n"):
            way.server.answer_with(b"HTTP/1.1 200 \r\n" + headers + b"\r\n")
            with way.connect() as connection:
                head = connection.request("HEAD", "/api/x")
                self.assertEqual((head.status, head.header("Content-Length")), (200, None))
                if (head.header("Connection") or "").lower() == "close":
                    self.assertEqual(connection.rest(), b"")
                else:
                    self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})

    @every_way
    def test_answers_that_have_no_body_keep_the_connection_in_step(self, way):
        for status in (204, 304):
            way.server.answer_with(b"HTTP/1.1 %d \r\nETag: \"1\"\r\n\r\n" % status)
            for method in ("GET", "HEAD", "DELETE"):
                with way.connect() as connection:
                    reply = connection.request(method, "/api/x")
                    self.assertEqual((reply.status, reply.header("Transfer-Encoding")), (status, None))
                    if (reply.header("Connection") or "").lower() == "close":
                        self.assertEqual(connection.rest(), b"")
                    else:
                        self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})


if __name__ == "__main__":
    tap.main()
