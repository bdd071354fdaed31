# SPDX-License-Identifier: Apache-2.0
"""Headers of every size, and queries with many parameters: each request is answered, and is executed or is not."""
import tap
from client import build
from harness import PATIENCE
from scripted import USER, answer
from ways import HttpCase, every_way

TARGET = "/api/x"
LONGEST_TARGET = 8192
MEMORY = 32768  # of libmicrohttpd, for a connection
MUCH = 300000  # bytes: a body that streams


class SizesCase(HttpCase):
    fronts = ()  # a proxy in front of the server has limits of its own

    def assert_kept(self, connection):
        self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})


class TestRequests(SizesCase):
    def status(self, way, data):
        """The status of the response, which must come at once. DATA: a request, with HOST for the listener's."""
        with way.connect(timeout=PATIENCE) as connection:
            connection.send(data.replace(b"HOST", connection.host.encode()))
            reply = connection.response()
            if b"\r\nConnection: close" not in data and reply.header("Connection") != "close":
                self.assert_kept(connection)
        return reply.status

    def assert_answered(self, way, data, *statuses):
        """It is answered 200 and has been executed, or one of STATUSES and has not. Returns whether it was executed."""
        status = None
        with self.subTest(data=data[:60], length=len(data)):
            way.server.reset()
            status = self.status(way, data)
            self.assertIn(status, (200, *statuses))
            self.assertEqual(len(way.server.arrived()), int(status == 200))
        return status == 200

    def assert_divided(self, way, sizes, make, *statuses):
        """Requests are executed up to some size and never beyond it. Returns the first size that is not executed."""
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
        for size in range(MEMORY - 1200, MEMORY + 100, 7):  # from where there is hardly room for a response
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


class TestAnswers(SizesCase):
    def assert_passes_or_502(self, way, size, method="GET", body=b"body", request_headers=(), chunked=False):
        """Whether a response whose header has SIZE bytes passes. If not, it becomes a 502 with a reason."""
        headers = [("X-%d" % number, "y" * 1000) for number in range(size // 1000)]
        headers.append(("X-Rest", "y" * (size % 1000 + 1)))
        data = answer(200, body, [("Content-Type", "text/plain"), *headers])
        if chunked:
            data = data.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
            data = data[:-len(body)] + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        reply = None
        with self.subTest(size=size, method=method), way.connect(timeout=PATIENCE) as connection:
            way.server.reset()
            way.server.answer_with(data if method != "HEAD" else data[:-len(body)], kept=False)
            reply = connection.request(method, TARGET, request_headers)
            self.assertEqual(len(way.server.arrived()), 1)
            if reply.status == 200:
                self.assertEqual([pair for pair in reply.headers if pair[0].startswith("X-")], headers)
                self.assertEqual(reply.body, b"" if method == "HEAD" else body)
            elif method == "HEAD":
                self.assertEqual(reply.status, 502)
            else:
                self.assert_error(reply, 502, 2, "header")
                self.assertIn("http_response_header_section_size", reply.header("Proxy-Status"))
            if reply.header("Connection") != "close":
                self.assert_kept(connection)
        return reply is not None and reply.status == 200

    def assert_divided(self, sizes, passes):
        """Smaller ones pass and larger ones do not. Returns the first size that does not pass."""
        passed = [passes(size) for size in sizes]
        self.assertEqual(passed, sorted(passed, reverse=True))
        self.assertEqual({True, False}, set(passed))
        return list(sizes)[passed.index(False)]

    @every_way
    def test_from_1_to_70_kib(self, way):
        def passes(size):
            return self.assert_passes_or_502(way, size)

        first = self.assert_divided(range(1000, 71000, 1000), passes)
        self.assertGreater(first, 30000)
        self.assert_divided(range(first - 1000, first + 1, 20), passes)

    @every_way
    def test_after_a_large_request_header_there_is_less_room(self, way):
        def passes(size):
            return self.assert_passes_or_502(way, size, request_headers=[("X-Large", "y" * 20000)])

        first = self.assert_divided(range(8000, 16000, 500), passes)
        self.assert_divided(range(first - 500, first + 1, 20), passes)

    @every_way
    def test_without_a_body(self, way):
        self.assert_divided(range(25000, 40000, 500), lambda size: self.assert_passes_or_502(way, size, "HEAD"))

    @every_way
    def test_with_a_body_that_streams(self, way):
        def passes(size):
            return self.assert_passes_or_502(way, size, body=b"z" * MUCH, chunked=size % 1000 == 0)

        self.assert_divided(range(25000, 40000, 500), passes)
        self.assert_passes_or_502(way, 60000, body=b"z" * MUCH)

    @every_way
    def test_of_an_event_stream(self, way):
        """The header has no end."""
        for size, status in ((20000, 200), (33000, 502), (60000, 502), (70000, 502)):
            with self.subTest(size=size), way.connect(timeout=PATIENCE) as connection:
                way.server.reset()
                way.server.answer_with(b"HTTP/1.1 200 \r\nContent-Type: text/event-stream\r\nX: " + b"y" * size +
                                       b"\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
                connection.send(build("GET", TARGET, host=connection.host))
                reply = connection.head() if status == 200 else connection.response()
                self.assertEqual(reply.status, status)
                if status != 200:
                    self.assert_error(reply, 502, 2, "header")
                    self.assert_kept(connection)

    @every_way
    def test_those_who_share_a_read_have_each_their_own_room(self, way):
        target = "/api/user/" + USER["id"]["id"]
        way.server.answer_with(answer(200, b"body", [("X-Rest", "y" * 20000)]))
        with way.connect() as one, way.connect() as other:
            one.send(build("GET", target, host=one.host))
            other.send(build("GET", target, [("X-Large", "y" * 20000)], host=other.host))
            self.assertEqual((one.response().status, other.response().status), (200, 502))
            self.assert_kept(one)
            self.assert_kept(other)


del SizesCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
