# SPDX-License-Identifier: Apache-2.0
"""Ranges (RFC 9110, section 14): the server makes the parts."""
import tap
from scripted import answer
from ways import HttpCase, every_way

WHOLE = bytes(range(256)) * 40


def cut(request):
    """What a server answers to one range."""
    start, end = (int(text) for text in request.header("Range").removeprefix("bytes=").split("-"))
    return answer(206, WHOLE[start:end + 1], [("Content-Range", "bytes %d-%d/%d" % (start, end, len(WHOLE))),
                                              ("Accept-Ranges", "bytes"), ("ETag", '"a"')])


class TestRanges(HttpCase):
    @every_way
    def test_a_part_comes_as_the_server_cuts_it(self, way):
        way.server.answer_with(cut)
        for start, end in ((0, 0), (0, 9999), (5000, 5999), (10239, 10239)):
            reply = way.get("/api/otaPackage/1/download", [("Range", "bytes=%d-%d" % (start, end))])
            self.assertEqual((reply.status, reply.body), (206, WHOLE[start:end + 1]))
            self.assertEqual(reply.header("Content-Range"), "bytes %d-%d/10240" % (start, end))
            self.assertEqual((reply.header("Accept-Ranges"), reply.header("ETag")), ("bytes", '"a"'))
            self.assertEqual(reply.header("Content-Length"), str(end + 1 - start))

    @every_way
    def test_a_download_in_parts_is_the_whole(self, way):
        way.server.answer_with(cut)
        with way.connect() as connection:
            parts = [connection.request("GET", "/api/x", [("Range", "bytes=%d-%d" % (at, at + 1023))]).body
                     for at in range(0, len(WHOLE), 1024)]
        self.assertEqual(b"".join(parts), WHOLE)

    @every_way
    def test_every_form_of_range_reaches_the_server(self, way):
        for value in ("bytes=0-1", "bytes=5-", "bytes=-5", "bytes=0-1,5-6", "bytes=0-1, -1", "pages=1-2"):
            way.server.reset()
            way.get("/api/x", [("Range", value), ("If-Range", '"a"')])
            request, = way.server.arrived()
            self.assertEqual((request.header("Range"), request.header("If-Range")), (value, '"a"'))

    @every_way
    def test_several_parts_come_as_one_body(self, way):
        body = b"\r\n--b\r\nContent-Range: bytes 0-0/9\r\n\r\nx\r\n--b\r\nContent-Range: bytes 2-2/9\r\n\r\ny\r\n--b--\r\n"
        way.server.answer_with(answer(206, body, [("Content-Type", "multipart/byteranges; boundary=b")]))
        reply = way.get("/api/x", [("Range", "bytes=0-0,2-2")])
        self.assertEqual((reply.status, reply.body), (206, body))
        self.assertEqual(reply.header("Content-Type"), "multipart/byteranges; boundary=b")

    @every_way
    def test_a_part_that_is_not_there_is_416(self, way):
        way.server.answer_with(answer(416, b"", [("Content-Range", "bytes */10240")]))
        reply = way.get("/api/x", [("Range", "bytes=99999-")])
        self.assertEqual((reply.status, reply.body, reply.header("Content-Range")), (416, b"", "bytes */10240"))

    @every_way
    def test_requests_for_different_parts_are_different(self, way):
        """No request gets the part that another one asked for."""
        way.server.answer_with(cut)
        with way.connect() as first, way.connect() as second:
            self.assertEqual(first.request("GET", "/api/x", [("Range", "bytes=0-9")]).body, WHOLE[:10])
            self.assertEqual(second.request("GET", "/api/x", [("Range", "bytes=10-19")]).body, WHOLE[10:20])


if __name__ == "__main__":
    tap.main()
