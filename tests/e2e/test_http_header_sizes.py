# SPDX-License-Identifier: Apache-2.0
"""Headers of every size, and queries of many parameters: each request gets an answer, and is executed or is not."""
import tap
from client import build
from harness import PATIENCE
from ways import HttpCase, every_way

LONGEST_TARGET = 8192
MEMORY = 32768  # libmicrohttpd's for a connection


class SizesCase(HttpCase):
    fronts = ()  # what is in front of the server has limits of its own

    def assert_kept(self, connection):
        self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})


class TestRequests(SizesCase):
    def status(self, way, data):
        """Of the answer, which comes at once; data: a request's bytes, HOST: the listener's."""
        with way.connect(timeout=PATIENCE) as connection:
            connection.send(data.replace(b"HOST", connection.host.encode()))
            reply = connection.response()
            if b"\r\nConnection: close" not in data and reply.header("Connection") != "close":
                self.assert_kept(connection)
        return reply.status

    def assert_answered(self, way, data, *statuses):
        """With 200, and then it was executed, or with one of STATUSES, and then it was not. Returns whether it was."""
        status = None
        with self.subTest(data=data[:60], length=len(data)):
            way.server.reset()
            status = self.status(way, data)
            self.assertIn(status, (200, *statuses))
            self.assertEqual(len(way.server.arrived()), int(status == 200))
        return status == 200

    def assert_divided(self, way, sizes, make, *statuses):
        """What is executed up to some size is not executed beyond it. Returns the first size that is not."""
        executed = [self.assert_answered(way, make(size), *statuses) for size in sizes]
        self.assertEqual(executed, sorted(executed, reverse=True))
        self.assertEqual({True, False}, set(executed))
        return list(sizes)[executed.index(False)]

    @every_way
    def test_one_long_header(self, way):
        def make(size, name=b"X"):
            return b"GET /api/x HTTP/1.1\r\nHost: HOST\r\n%s: %s\r\n\r\n" % (name, b"y" * size)

        first = self.assert_divided(way, range(20000, 70000, 1000), make, 431)
        self.assert_divided(way, range(first - 1000, first + 1, 50), make, 431)
        self.assert_divided(way, range(10000, 40000, 1000), lambda size: make(size, b"Cookie"), 431)
        for size in range(MEMORY - 1200, MEMORY + 100, 7):  # from where there is hardly room for an answer
            self.assertFalse(self.assert_answered(way, make(size), 431))

    @every_way
    def test_many_small_headers(self, way):
        def make(count):
            return b"GET /api/x HTTP/1.1\r\nHost: HOST\r\n" + b"a:b\r\n" * count + b"\r\n"

        first = self.assert_divided(way, range(350, 520), make, 431)
        self.assertGreater(first, 400)
        for count in (1000, 5000):
            self.assertFalse(self.assert_answered(way, make(count), 431))

    @every_way
    def test_many_cookies(self, way):
        def make(count):
            return b"GET /api/x HTTP/1.1\r\nHost: HOST\r\nCookie: " + b";".join([b"a=b"] * count) + b"\r\n\r\n"

        self.assertGreater(self.assert_divided(way, range(350, 420), make, 431), 380)

    @every_way
    def test_a_long_target_and_headers(self, way):
        for length in (LONGEST_TARGET, LONGEST_TARGET + 1, 16000, 24000, 28000, *range(MEMORY - 300, MEMORY + 300, 9)):
            target = b"/api/x?" + b"&".join([b"a"] * length)
            line = b"GET %s HTTP/1.1\r\nHost: HOST\r\n" % target[:length]
            executed = self.assert_answered(way, line + b"\r\n", 414, 431)
            self.assertEqual(executed, length <= LONGEST_TARGET)
        line = b"GET %s HTTP/1.1\r\nHost: HOST\r\nX: " % target[:LONGEST_TARGET]
        self.assert_divided(way, range(100, MEMORY, 997), lambda size: line + b"y" * size + b"\r\n\r\n", 431)

    @every_way
    def test_many_parameters_arrive_as_they_are(self, way):
        for count in (1, 449, 450, 451, 1000, 4000):
            query = "&".join("key=k%d" % number for number in range(count))
            target = ("/api/x?" + query)[:LONGEST_TARGET]
            self.assertTrue(self.assert_answered(way, build("GET", target, host="HOST")))
            self.assertEqual([request.target for request in way.server.arrived()], [target])
        for unit in ("&", "=", "a&", "a=&", "=&"):
            target = ("/api/x?" + unit * LONGEST_TARGET)[:LONGEST_TARGET]
            self.assertTrue(self.assert_answered(way, build("GET", target, host="HOST")))
            self.assertEqual([request.target for request in way.server.arrived()], [target])
            self.assertFalse(self.assert_answered(way, build("GET", target + "y", host="HOST"), 414))

    @every_way
    def test_trailers(self, way):
        def make(size):
            return (b"POST /api/x HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: " +
                    b"y" * size + b"\r\n\r\n")

        self.assert_divided(way, range(20000, 40000, 1000), make, 431)
        for size in range(MEMORY - 1200, MEMORY + 100, 7):
            self.assertFalse(self.assert_answered(way, make(size), 431))


del SizesCase  # holds no test of its own

if __name__ == "__main__":
    tap.main()
