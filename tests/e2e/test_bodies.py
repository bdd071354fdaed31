# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and responses, and their limits."""
import threading

import tap
from harness import PATIENCE, SLOW, Case, Closed, answer, build

MIB = 1 << 20


def digest_of(length):
    """LENGTH bytes in which no two neighbouring blocks are equal."""
    block = bytes((i * 7 + i // 256) % 256 for i in range(65536 + 13))
    return (block * (length // len(block) + 1))[:length]


class TestRequestBodies(Case):
    LIMIT = 16 * MIB

    def setUp(self):
        self.bodies = []

        def handle(peer, request):
            self.bodies.append(request.body)
            peer.send(answer(body=b"%d" % len(request.body)))
            return True
        self.proxy = self.start_daemon(self.start_scripted(handle), {"limits.max_body_bytes": self.LIMIT,
                                                                     "limits.max_kept_body_bytes": self.LIMIT})

    def chunks(self, body, size=100000):
        return [body[i:i + size] for i in range(0, len(body), size)]

    def test_the_limit_is_itself_allowed(self):
        body = digest_of(self.LIMIT)
        for sent in (body, self.chunks(body)):
            self.assertEqual(self.proxy.post("/api/x", sent).status, 200)
            self.assertTrue(self.bodies.pop() == body)

    def test_one_byte_more_is_refused(self):
        body = digest_of(self.LIMIT + 1)
        answer_ = self.proxy.post("/api/x", self.chunks(body))
        self.assert_error(answer_, 413, 31, "limits.max_body_bytes")
        with self.proxy.connect() as connection:
            connection.send(build("POST", "/api/x", [("Content-Length", len(body))], host=connection.host))
            self.assert_error(connection.response(), 413, 31, "limits.max_body_bytes")
        self.assertEqual(self.bodies, [])

    def test_memory_of_large_bodies_is_given_back(self):
        body = digest_of(self.LIMIT)
        self.proxy.post("/api/x", body)
        before = self.proxy.memory_kib()
        for _ in range(3 if SLOW else 10):
            self.proxy.post("/api/x", body)
        if not SLOW:
            self.assertLess(self.proxy.memory_kib(), before + 32 * 1024)


class TestBodyLimit(Case):
    def setUp(self):
        self.server = self.start_scripted(self.handle)
        self.proxy = self.start_daemon(self.server, {"limits.max_body_bytes": 1000})

    @staticmethod
    def handle(peer, request):
        peer.send(answer(body=b"%d" % len(request.body)))
        return True

    def test_the_limit_counts_for_every_method_and_both_listeners(self):
        for unix in (False, True):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                for body, status in ((b"x" * 1000, 200), (b"x" * 1001, 413), ([b"x" * 600, b"x" * 400], 200),
                                     ([b"x" * 600, b"x" * 401], 413)):
                    with self.subTest(method=method, unix=unix, chunked=isinstance(body, list)):
                        self.assertEqual(self.proxy.call(method, "/api/x", body=body, unix=unix).status, status)

    def test_the_connection_is_usable_after_a_413(self):
        with self.proxy.connect() as connection:
            for body in (b"x" * 5000, [b"x" * 5000]):
                self.assertEqual(connection.request("POST", "/api/x", body=body).status, 413)
            self.assertEqual(connection.request("POST", "/api/x", body=b"good").body, b"4")

    def test_a_client_that_sends_first_and_reads_later_sees_the_413(self):
        for length in (2 * MIB, 200000):
            with self.proxy.connect() as connection:
                connection.send(build("POST", "/api/x", body=b"x" * length, host=connection.host))
                self.assertEqual(connection.response().status, 413)

    def test_expect_100_continue_is_answered_before_the_body(self):
        headers = [("Expect", "100-continue"), ("Content-Length", "4")]
        with self.proxy.connect() as connection:
            connection.send(build("POST", "/api/x", headers, host=connection.host))
            self.assertEqual(connection.head().status, 100)
            self.assertEqual(self.server.requests, [])
            connection.send(b"data")
            self.assertEqual(connection.response().body, b"4")
        self.assertIsNone(self.server.requests[0].header("Expect"))

    def test_expect_100_continue_with_a_body_too_large_gets_no_100(self):
        with self.proxy.connect() as connection:
            connection.send(build("POST", "/api/x", [("Expect", "100-continue"), ("Content-Length", "1001")],
                                  host=connection.host))
            refused = connection.response()
            self.assertEqual((refused.status, refused.interim), (413, []))

    def test_without_memory_for_bodies_a_request_is_refused_and_the_next_one_served(self):
        arrived, go = threading.Event(), threading.Event()

        def handle(peer, request):
            arrived.set()
            go.wait(PATIENCE)
            return self.handle(peer, request)
        proxy = self.start_daemon(self.start_scripted(handle),
                                  {"limits.max_kept_body_bytes": 60000, "limits.max_buffered_bytes": 65536})
        with proxy.connect() as first:
            first.send(build("POST", "/api/x", body=b"x" * 60000, host=first.host))
            self.assertTrue(arrived.wait(PATIENCE))
            self.assert_error(proxy.post("/api/x", b"y" * 6000), 503, 2, "limits.max_buffered_bytes")
            go.set()
            self.assertEqual(first.response().body, b"60000")
        self.assertEqual(proxy.post("/api/x", b"y" * 6000).body, b"6000")


class TestAnswerBodies(Case):
    LIMIT = 262144  # of a kept body; responses that are not errors are passed on (test_streams.py)

    def setUp(self):
        self.reply = b""
        self.kept = True

        def handle(peer, request):
            peer.send(self.reply)
            return self.kept
        self.proxy = self.start_daemon(self.start_scripted(handle), {"limits.max_response_bytes": self.LIMIT})

    @staticmethod
    def chunked(body, size=9000, status=200):
        parts = [body[i:i + size] for i in range(0, len(body), size)]
        return (b"HTTP/1.1 %d \r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n" % status +
                b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")

    @staticmethod
    def until_close(body, status=200):
        return b"HTTP/1.1 %d \r\nContent-Type: a/b\r\nConnection: close\r\n\r\n" % status + body

    def test_each_framing_passes_the_same_bytes(self):
        for body in (b"x", digest_of(100000)):
            for self.reply, self.kept in ((answer(body=body), True), (self.chunked(body), True),
                                          (self.until_close(body), False)):
                for unix in (False, True):
                    got = self.proxy.get("/api/x", unix=unix)
                    self.assertEqual(got.status, 200)
                    self.assertTrue(got.body == body)

    def test_an_empty_answer_is_empty(self):
        for self.reply, self.kept in ((answer(), True), (self.chunked(b""), True), (self.until_close(b""), False)):
            got = self.proxy.get("/api/x")
            self.assertEqual((got.status, got.body), (200, b""))

    def test_of_an_error_the_limit_itself_passes_and_one_byte_more_is_502(self):
        for length in (self.LIMIT, self.LIMIT + 1):
            body = digest_of(length)
            for self.reply, self.kept in ((answer(500, body), True), (self.chunked(body, status=500), True),
                                          (self.until_close(body, 500), False)):
                got = self.proxy.get("/api/x")
                if length == self.LIMIT:
                    self.assertTrue(got.body == body)
                else:
                    self.assert_error(got, 502, 2)
                    self.assertIn("http_response_body_size", got.header("Proxy-Status"))

    def test_answers_of_many_mib_pass(self):
        body = digest_of(30 * MIB)

        def handle(peer, request):
            peer.send(answer(body=body))
            return True
        proxy = self.start_daemon(self.start_scripted(handle))
        self.assertTrue(proxy.get("/api/x").body == body)

    def test_an_endless_error_is_cut_off(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                peer.send(b"2710\r\n" + b"x" * 10000 + b"\r\n")
        proxy = self.start_daemon(self.start_scripted(handle), {"limits.max_response_bytes": MIB})
        self.assert_error(proxy.get("/api/x"), 502, 2)
        self.assert_serves(proxy)

    def test_a_client_that_reads_slowly_gets_everything(self):
        body = digest_of(20 * MIB)  # more than the buffers of both sockets hold
        proxy = self.start_daemon(self.start_scripted(lambda peer, request: peer.send(answer(body=body)) or True))
        with proxy.connect() as slow:
            slow.send(build("GET", "/api/x", host=slow.host))
            head = slow.head()
            self.assertEqual(int(head.header("Content-Length")), len(body))
            for _ in range(20):  # other programs are served meanwhile
                self.assert_serves(proxy)
            self.assertTrue(slow.take(len(body)) == body)

    def test_a_client_gets_no_good_end_of_an_answer_that_was_cut(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
            return False
        proxy = self.start_daemon(self.start_scripted(handle))
        try:
            self.assertEqual(proxy.get("/api/x").status, 502)
        except Closed:
            pass


if __name__ == "__main__":
    tap.main()
