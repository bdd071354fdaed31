# SPDX-License-Identifier: Apache-2.0
"""Chunked bodies in both directions, their extensions and their trailers (RFC 9112, section 7.1)."""
import tap
from client import build
from ways import HttpCase, every_way

BODY = bytes(range(256)) * 300


def cut(body, size):
    return [body[at:at + size] for at in range(0, len(body), size)]


def chunked(parts, trailers=b"", extension=b""):
    return (b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n" +
            b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n" + trailers + b"\r\n")


class TestChunkedRequests(HttpCase):
    @every_way
    def test_a_chunked_body_arrives_whole(self, way):
        for size in (1, 7, 4096, len(BODY)):
            sent = BODY if size > 1 else BODY[:500]
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                way.server.reset()
                self.assertEqual(way.call(method, "/api/x", body=cut(sent, size)).status, 200)
                request, = way.server.arrived()
                self.assertTrue(request.body == sent, (method, size))

    @every_way
    def test_an_empty_chunked_body_is_an_empty_body(self, way):
        self.assertEqual(way.call("POST", "/api/x", body=[]).status, 200)
        request, = way.server.arrived()
        self.assertEqual(request.body, b"")

    @every_way
    def test_extensions_and_trailers_stay_here(self, way):
        with way.connect() as connection:
            connection.send(build("POST", "/api/x", [("Transfer-Encoding", "chunked"), ("Trailer", "X-Trailer")],
                                  host=connection.host) +
                            b'3;a="b;c"\r\nabc\r\n2;d\r\nde\r\n0;e\r\nX-Trailer: 1\r\nX-Authorization: Bearer x\r\n\r\n')
            self.assertEqual(connection.response().status, 200)
            self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})
        request, = way.server.arrived()
        self.assertEqual(request.body, b"abcde")
        self.assertEqual((request.header("X-Trailer"), request.header("Trailer")), (None, None))
        self.assertNotIn("Bearer", request.header("X-Authorization"))


class TestChunkedAnswers(HttpCase):
    @every_way
    def test_a_chunked_answer_comes_whole(self, way):
        for size in (1, 4096, len(BODY)):
            body = BODY if size > 1 else BODY[:500]
            way.server.answer_with(chunked(cut(body, size)))
            with way.connect() as connection:
                for _ in range(2):
                    reply = connection.request("GET", "/api/x")
                    self.assertTrue(reply.status == 200 and reply.body == body)

    @every_way
    def test_an_empty_chunked_answer_is_empty(self, way):
        way.server.answer_with(chunked([]))
        self.assertEqual(way.get("/api/x").body, b"")

    @every_way
    def test_an_http_1_0_client_gets_no_chunks(self, way):
        way.server.answer_with(chunked(cut(BODY, 1000)))
        for headers in ([], [("Connection", "keep-alive")]):
            reply = way.get("/api/x", headers, version="HTTP/1.0", host=None)
            self.assertTrue(reply.body == BODY)
            self.assertIsNone(reply.header("Transfer-Encoding"))

    @every_way
    def test_extensions_and_trailers_of_an_answer_stay_here(self, way):
        way.server.answer_with(chunked([b"abc", b"de"], b"X-Trailer: 1\r\nSet-Cookie: a=b\r\n", b";a=b"))
        with way.connect() as connection:
            reply = connection.request("GET", "/api/x", [("TE", "trailers")])
            self.assertEqual((reply.body, reply.header("X-Trailer"), reply.header("Set-Cookie")), (b"abcde", None, None))
            self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})
        self.assertIsNone(way.server.arrived()[0].header("TE"))


if __name__ == "__main__":
    tap.main()
