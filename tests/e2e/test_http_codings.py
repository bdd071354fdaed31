# SPDX-License-Identifier: Apache-2.0
"""Content codings (RFC 9110, section 8.4) concern the program and the server: the bytes are not touched."""
import gzip
import zlib

import tap
from scripted import answer
from ways import HttpCase, every_way

TEXT = b'{"key":"value"}' * 500
CODED = {"gzip": gzip.compress(TEXT, mtime=0), "deflate": zlib.compress(TEXT), "br": b"\x0b\x02\x80not really\x03",
         "zstd": b"\x28\xb5\x2f\xfdneither", "x-unknown": bytes(range(256))}


class TestCodings(HttpCase):
    @every_way
    def test_a_coded_answer_comes_byte_for_byte(self, way):
        for coding, body in CODED.items():
            headers = [("Content-Encoding", coding), ("Content-Type", "image/svg+xml"), ("ETag", '"a"')]
            way.server.answer_with(answer(200, body, headers))
            reply = way.get("/api/images/x", [("Accept-Encoding", coding)])
            self.assertTrue(reply.body == body, coding)
            self.assertEqual([(name, reply.header(name)) for name, _ in headers], headers)

    @every_way
    def test_a_coded_answer_that_nobody_asked_for_comes_coded(self, way):
        way.server.answer_with(answer(200, CODED["gzip"], [("Content-Encoding", "gzip")]))
        reply = way.get("/api/x")
        self.assertTrue(reply.body == CODED["gzip"])
        self.assertEqual(reply.header("Content-Encoding"), "gzip")

    @every_way
    def test_a_coded_chunked_answer_comes_byte_for_byte(self, way):
        body = CODED["gzip"]
        way.server.answer_with(b"HTTP/1.1 200 \r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
                               b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
        self.assertTrue(way.get("/api/x").body == body)

    @every_way
    def test_accept_encoding_reaches_the_server_as_it_is(self, way):
        for value in ("gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "identity", "gzip,deflate", "*"):
            way.server.reset()
            way.get("/api/x", [("Accept-Encoding", value)])
            self.assertEqual(way.server.arrived()[0].header("Accept-Encoding"), value)
        way.server.reset()
        way.get("/api/x")
        self.assertIsNone(way.server.arrived()[0].header("Accept-Encoding"))

    @every_way
    def test_a_coded_request_body_reaches_the_server_as_it_is(self, way):
        for coding, body in CODED.items():
            way.server.reset()
            way.call("POST", "/api/x", [("Content-Encoding", coding), ("Content-Type", "text/plain")], body)
            request, = way.server.arrived()
            self.assertEqual((request.header("Content-Encoding"), request.body), (coding, body))

    @every_way
    def test_what_varies_is_still_told(self, way):
        vary = ["Origin", "Access-Control-Request-Method", "Accept-Encoding, Origin"]
        way.server.answer_with(answer(200, b"x", [("Vary", value) for value in vary]))
        self.assertEqual(way.get("/api/x").all("Vary"), vary)


if __name__ == "__main__":
    tap.main()
