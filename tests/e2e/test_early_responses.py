# SPDX-License-Identifier: Apache-2.0
"""A response that comes before the body has arrived reaches the client at once, and the connection is closed."""
import itertools
import socket
import threading

import tap
from harness import PATIENCE, Case, answer, build, wait_until

MIB = 1 << 20
CONTINUE = b"HTTP/1.1 100 \r\n\r\n"
TARGET = "/api/rpc/twoway/1"  # not retried after a 429


class EarlyCase(Case):
    def setUp(self):
        self.reply = answer(413, b'"Payload size exceeds the limit"', [("Connection", "close"), ("X-Mark", "of the server")])
        self.continues = None  # an event before the response, after a 100
        self.server = self.start_scripted(self.handle, reads_bodies=False)

    def handle(self, peer, request):
        if self.continues:
            peer.send(CONTINUE)
            self.continues.wait(PATIENCE)
        peer.send(self.reply)
        return b"Connection: close" not in self.reply

    def begin(self, options=None):
        self.proxy = self.start_daemon(self.server, options)

    def announce(self, length=20 * MIB, headers=(), unix=False, target=TARGET, method="POST"):
        """The header of a request; chunked if LENGTH is None."""
        connection = self.proxy.connect(unix)
        self.addCleanup(connection.close)
        framing = ("Content-Length", length) if length is not None else ("Transfer-Encoding", "chunked")
        connection.send(build(method, target, [framing, *headers], host=connection.host))
        return connection

    def assert_answered(self, connection, status=413, body=b'"Payload size exceeds the limit"', method="POST"):
        got = connection.response(method)
        self.assertEqual((got.status, got.body, got.header("X-Mark")), (status, body, "of the server"))
        self.assertEqual(got.header("Connection"), "close")
        self.assertEqual(connection.rest(), b"")
        return got


class TestEarlyResponses(EarlyCase):
    def test_before_anything_of_the_body(self):
        self.begin()
        for unix, headers in itertools.product((False, True), ((), [("Expect", "100-continue")])):
            got = self.assert_answered(self.announce(headers=headers, unix=unix))
            self.assertEqual(got.interim, [])
        self.assertEqual([request.header("Content-Length") for request in self.server.requests], [str(20 * MIB)] * 4)

    def test_together_with_a_100(self):
        self.reply = CONTINUE + self.reply
        self.begin()
        for unix, headers in itertools.product((False, True), ((), [("Expect", "100-continue")])):
            self.assert_answered(self.announce(headers=headers, unix=unix))

    def test_after_the_server_has_asked_for_the_body(self):
        self.begin()
        for unix in (False, True):
            for headers in ((), [("Expect", "100-continue")]):
                self.continues = threading.Event()
                connection = self.announce(headers=headers, unix=unix)
                if headers:
                    self.assertEqual(connection.head().status, 100)
                else:
                    wait_until(lambda: self.server.requests, "the request")
                self.continues.set()
                self.assertEqual(self.assert_answered(connection).interim, [])
                self.server.requests.clear()

    def test_a_body_that_the_server_is_not_asked_for(self):
        self.begin({"limits.max_kept_body_bytes": 1000})
        for length, unix in itertools.product((1001, MIB), (False, True)):
            self.assert_answered(self.announce(length, unix=unix))

    def test_in_the_middle_of_the_body(self):
        self.begin({"limits.max_kept_body_bytes": 1000})
        for unix in (False, True):
            connection = self.announce(5000, unix=unix)
            connection.send(b"x" * 2500)
            self.assert_answered(connection)
            connection = self.announce(None, unix=unix)
            connection.send(b"7d0\r\n" + b"x" * 2000 + b"\r\n1388\r\n")
            self.assert_answered(connection)

    def test_every_status(self):
        self.begin()
        for status, kept in itertools.product((300, 302, 400, 403, 404, 409, 429, 500, 503, 504), (False, True)):
            self.reply = answer(status, b"no", [("X-Mark", "of the server")] + ([] if kept else [("Connection", "close")]))
            self.assert_answered(self.announce(), status, b"no")

    def test_one_that_comes_in_parts(self):
        head = b"HTTP/1.1 413 \r\nX-Mark: of the server\r\n"
        for parts in ([head + b"Content-Length: 2\r\nConnection: close\r\n", b"\r\n", b"n", b"o"],
                      [head + b"Content-Length: 2\r\n\r\n", b"n", b"o"], [head + b"Connection: close\r\n\r\n", b"n", b"o"],
                      [head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n", b"2\r\nno\r\n", b"0\r\n\r\n"],
                      [head + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nno", b"\r\n0\r\n", b"\r\n"]):
            def handle(peer, request, parts=parts):
                peer.send(CONTINUE)
                for part in parts:
                    for _ in range(2):  # everything before has been read
                        self.proxy.get("/-/live")
                    peer.send(part)
                if b"Connection: close" in parts[0]:
                    peer.sock.shutdown(socket.SHUT_WR)  # closing with bytes unread would be a reset
                    peer.wait_for_close()
                return True
            self.server.handle = handle
            if not hasattr(self, "proxy"):
                self.begin({"limits.max_kept_body_bytes": 1000})
            for length, sent in ((20 * MIB, b""), (20 * MIB, b"x" * 100000), (None, b"7d0\r\n" + b"x" * 2000 + b"\r\n")):
                connection = self.announce(length)
                connection.send(sent)
                self.assert_answered(connection, 413, b"no")

    def test_one_that_never_ends_is_504(self):
        self.begin({"upstream.timeout_ms": 300})
        for parts in ((CONTINUE, b"HTTP/1.1 413 \r\nConnection: close\r\nContent-Length: 2\r\n\r\n"),
                      (b"HTTP/1.1 413 \r\nContent-Length: 2\r\n\r\n", b"n")):
            def handle(peer, request, parts=parts):
                for part in parts:
                    peer.send(part)
                peer.wait_for_close()
            self.server.handle = handle
            self.assert_error(self.announce().response(), 504, 2)

    def test_responses_without_a_body(self):
        self.begin()
        self.reply = answer(403, headers=[("X-Mark", "of the server")])
        self.assertEqual(self.assert_answered(self.announce(), 403, b"").header("Content-Length"), "0")
        self.reply = b"HTTP/1.1 304 \r\nX-Mark: of the server\r\n\r\n"
        self.assertIsNone(self.assert_answered(self.announce(), 304, b"").header("Content-Length"))
        self.reply = b"HTTP/1.1 403 \r\nX-Mark: of the server\r\nContent-Length: 7\r\n\r\n"
        self.assert_answered(self.announce(method="HEAD"), 403, b"", "HEAD")

    def test_one_that_does_not_fit_the_socket(self):
        body = bytes(range(251)) * (12 * MIB // 251)
        self.reply = answer(500, body, [("X-Mark", "of the server")])
        self.begin()
        for unix in (False, True):
            for sent in (b"", b"x" * (2 * MIB)):
                connection = self.announce(2 * MIB, unix=unix)
                connection.send(sent)  # all of it, or nothing
                self.assert_answered(connection, 500, body)

    def test_who_does_not_read_it_is_let_go(self):
        self.reply = answer(500, b"x" * (12 * MIB))
        self.begin()
        for unix in (False, True):
            for sent in (b"", b"x" * (2 * MIB)):
                connection = self.announce(2 * MIB, unix=unix)
                connection.send(sent)
                self.assertEqual(connection.head().status, 500)
                connection.close()
        self.proxy.stop()  # there is nothing to wait for

    def test_who_stays_and_says_nothing_is_let_go(self):
        self.begin({"listen.idle_timeout_s": 1})
        connections = [self.announce(unix=unix) for unix in (False, True)]
        for connection in connections:
            self.assert_answered(connection)
        wait_until(lambda: b"\ntbproxyd_local_connections 1\n" in self.proxy.get("/-/metrics").body, "the end of both")

    def test_trailers_that_fill_the_memory_of_the_connection(self):
        body = bytes(range(251)) * (12 * MIB // 251)
        self.reply = answer(500, body, [("X-Mark", "of the server")])
        self.begin({"limits.max_kept_body_bytes": 1000})
        for trailers in (450, 455, 460, 465):
            connection = self.announce(None)
            connection.send(b"7d0\r\n" + b"x" * 2000 + b"\r\n")
            self.assertEqual(connection.head().status, 500)
            connection.send(b"0\r\n" + b"a: b\r\n" * trailers + b"\r\n")
            for _ in range(3):  # the trailers have been read
                self.proxy.get("/-/live")
            self.assertTrue(connection.rest() == body)

    def test_who_stays_and_does_not_read_is_let_go(self):
        self.reply = answer(500, b"x" * (12 * MIB))
        self.begin({"listen.idle_timeout_s": 1})
        connections = [self.announce(2 * MIB, unix=unix) for unix in (False, True)]
        for connection in connections:
            connection.send(b"x" * (2 * MIB))
            self.assertEqual(connection.head().status, 500)
        wait_until(lambda: b"\ntbproxyd_local_connections 1\n" in self.proxy.get("/-/metrics").body, "the end of both")

    def test_who_sends_everything_first_reads_it_all_the_same(self):
        self.begin()
        for unix in (False, True):
            connection = self.announce(unix=unix)
            for _ in range(20):
                connection.send(b"x" * MIB)
            self.assert_answered(connection)

    def test_after_a_request_on_the_same_connection(self):
        self.reply = answer(200)
        self.begin()
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                self.assertEqual(connection.request("GET", "/api/x").status, 200)
                first, self.reply = self.reply, answer(413, b"no", [("X-Mark", "of the server")])
                connection.send(build("POST", TARGET, [("Content-Length", 20 * MIB)], host=connection.host))
                self.assert_answered(connection, 413, b"no")
                self.reply = first

    def test_a_server_that_hangs_up(self):
        self.server.handle = lambda peer, request: False
        self.begin()
        for unix in (False, True):
            connection = self.announce(unix=unix)
            self.assert_error(connection.response(), 502, 2)
            self.assertEqual(connection.rest(), b"")

    def test_what_tbproxyd_says_itself(self):
        self.begin({"upstream.max_connections": 1, "queue.max_wait_ms": 0})
        go = threading.Event()
        self.addCleanup(go.set)
        self.server.handle = lambda peer, request: go.wait(PATIENCE) and False
        blocker = self.proxy.connect()
        self.addCleanup(blocker.close)
        blocker.send(build("GET", "/api/blocker", host=blocker.host))
        wait_until(lambda: self.server.requests, "the blocker")
        for unix, headers in itertools.product((False, True), ((), [("Expect", "100-continue")])):
            connection = self.announce(headers=headers, unix=unix)
            got = connection.response()
            self.assert_error(got, 503, 2)
            self.assertEqual((got.interim, got.header("Connection")), ([], "close"))
            self.assertEqual(connection.rest(), b"")

    def test_a_429_that_can_be_retried_is(self):
        replies = [answer(429), answer(403, b"no", [("X-Mark", "of the server")])]

        def handle(peer, request):
            peer.send(replies[min(len(self.server.requests), 2) - 1])
            return True
        self.server.handle = handle
        self.begin({"retry.initial_retry_delay_ms": 10})
        self.assert_answered(self.announce(target="/api/device", method="PUT"), 403, b"no")
        self.assertEqual(len(self.server.requests), 2)


class TestConnectionToTheServer(EarlyCase):
    def test_the_rest_of_a_body_is_no_place_for_another_request(self):
        """The server has answered and still reads the body: the next request does not go to that connection."""
        def handle(peer, request):
            peer.send(self.reply)
            peer.file.read(int(request.header("Content-Length") or 0))
            return True
        self.server.handle = handle
        self.begin({"upstream.timeout_ms": 5000})
        for status, headers, unix in itertools.product((200, 201, 404), ((), [("Expect", "100-continue")]), (False, True)):
            self.reply = answer(status, b"early", [("X-Mark", "of the server")])
            self.announce(2000000, headers, unix)
            wait_until(lambda: self.server.requests, "the request")
            self.assertEqual(self.proxy.get("/api/next").status, status)
            self.assertEqual(self.server.requests.pop().target, "/api/next")
            self.server.requests.clear()


class TestStandIn(EarlyCase):
    def test_the_servers_own_limit(self):
        self.proxy = self.start_daemon(self.start_simulator())
        for unix, headers in itertools.product((False, True), ((), [("Expect", "100-continue")])):
            connection = self.announce(17 * MIB, headers, unix, "/api/device")
            got = connection.response()
            self.assertEqual((got.status, got.body), (413, b'"Payload size exceeds the limit of 16777216 bytes"'))
            self.assertEqual((got.header("Connection"), connection.rest()), ("close", b""))


class TestCredential(EarlyCase):
    def test_a_401_comes_after_the_replay(self):
        self.sim = self.start_simulator()
        self.reply = answer(401, b"no", [("Connection", "close"), ("X-Mark", "of the server")])
        self.server.authenticates = False
        early = self.handle

        def handle(peer, request):
            if not request.target.startswith("/api/auth/"):
                return early(peer, request)
            peer.file.read(int(request.header("Content-Length")))
            peer.send(answer(body=self.sim.login()))
            return True
        self.server.handle = handle
        self.server.password = "a password"
        self.proxy = self.start_daemon(self.server, credential="password")
        for unix in (False, True):
            self.assert_answered(self.announce(unix=unix), 401, b"no")
        self.assertGreaterEqual(len([request for request in self.server.requests if request.target == TARGET]), 3)


if __name__ == "__main__":
    tap.main()
