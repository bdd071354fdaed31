# SPDX-License-Identifier: Apache-2.0
"""Conditional requests (RFC 9110, section 13): the server decides, and 304 comes back without a body."""
import tap
from client import build
from scripted import answer
from ways import HttpCase, every_way

OLD = "Sat, 29 Oct 1994 19:43:31 GMT"


def not_modified(*headers):
    return "\r\n".join(["HTTP/1.1 304 ", *headers, "", ""]).encode()


class TestConditionalRequests(HttpCase):
    @every_way
    def test_the_conditions_reach_the_server_as_they_are(self, way):
        for name, value in (("If-None-Match", '"a"'), ("If-None-Match", 'W/"a", "b"'), ("If-None-Match", "*"),
                            ("If-None-Match", "unquoted"), ("If-Match", '"a"'), ("If-Match", "*"),
                            ("If-Modified-Since", OLD), ("If-Unmodified-Since", OLD), ("If-Range", '"a"')):
            way.server.reset()
            self.assertEqual(way.get("/api/image", [(name, value)]).status, 200)
            self.assertEqual(way.server.arrived()[0].header(name), value)

    @every_way
    def test_304_has_the_servers_headers_and_no_body(self, way):
        headers = [("ETag", '"a"'), ("Cache-Control", "no-cache"), ("Last-Modified", OLD), ("Date", OLD)]
        way.server.answer_with(not_modified(*("%s: %s" % pair for pair in headers)))
        for method in ("GET", "HEAD"):
            reply = way.call(method, "/api/image", [("If-None-Match", '"a"')])
            self.assertEqual(reply.status, 304)
            for name, value in headers:
                self.assertEqual(reply.all(name), [value])
            # The length of a body that is not sent (RFC 9110, section 8.6), which only the server knows.
            self.assertEqual((reply.header("Content-Length"), reply.header("Transfer-Encoding")), (None, None))

    @every_way
    def test_a_length_that_comes_with_304_is_that_of_the_body_elsewhere(self, way):
        way.server.answer_with(not_modified('ETag: "a"', "Content-Length: 500"))
        with way.connect() as connection:
            reply = connection.request("GET", "/api/image", [("If-None-Match", '"a"')])
            self.assertEqual(reply.status, 304)
            self.assertIn(reply.header("Content-Length"), ("500", None))  # the front leaves it out
            if reply.header("Connection") == "Keep-Alive":
                self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})

    @every_way
    def test_nothing_stands_behind_304(self, way):
        way.server.answer_with(not_modified('ETag: "a"'))
        for version in ("HTTP/1.1", "HTTP/1.0"):
            with way.connect() as connection:
                connection.send(build("GET", "/api/image", [("Connection", "close")], host=connection.host, version=version))
                self.assertEqual(connection.response().status, 304)
                self.assertEqual(connection.rest(), b"")

    @every_way
    def test_412_passes(self, way):
        way.server.answer_with(answer(412, b"changed", [("ETag", '"b"')]))
        reply = way.call("PUT", "/api/image", [("If-Match", '"a"')], b"new")
        self.assertEqual((reply.status, reply.body, reply.header("ETag")), (412, b"changed", '"b"'))

    @every_way
    def test_a_weak_tag_stays_weak(self, way):
        way.server.answer_with(answer(200, b"x", [("ETag", 'W/"a"')]))
        self.assertEqual(way.get("/api/image").header("ETag"), 'W/"a"')


if __name__ == "__main__":
    tap.main()
