# SPDX-License-Identifier: Apache-2.0
"""Kept connections: how they are closed after their idle time, and what responses say about it."""
import resource
import signal
import threading
import time

import tap
from harness import PATIENCE, SLOW, Case, build, wait_until
from scripted import answer, echo

IDLE_S = 1
KEPT_MEMORY_S = 2  # the memory of a connection that is idle for so long is given back


class IdleCase(Case):
    def setUp(self):
        self.server = self.start_scripted(echo)
        self.proxy = self.start_daemon(self.server, {"listen.idle_timeout_s": IDLE_S})

    def kept(self, unix=False):
        """A connection on which a request has been answered."""
        connection = self.proxy.connect(unix, timeout=PATIENCE)
        self.addCleanup(connection.close)
        self.assertEqual(connection.request("GET", "/-/live").status, 200)
        return connection


class TestClose(IdleCase):
    def test_it_comes_on_time(self):
        """A busy machine may be late, but not nearly every time."""
        times = []
        for index in range(6):
            asked = time.monotonic()
            connection = self.kept(index % 2 == 0)
            answered = time.monotonic()
            self.assertEqual(connection.sock.recv(1), b"")
            times.append(time.monotonic() - answered)
            self.assertGreater(time.monotonic() - asked, IDLE_S - 0.05)
        self.assertLess(sorted(times)[1], IDLE_S + (5 if SLOW else 0.09))

    def test_what_has_arrived_before_it_is_served(self):
        """The daemon is stopped while the request arrives and the time runs out."""
        for unix in (False, True):
            connection = self.kept(unix)
            self.proxy.signal(signal.SIGSTOP)
            connection.send(build("GET", "/api/late", host=connection.host))
            time.sleep(IDLE_S + 0.3)
            self.proxy.signal(signal.SIGCONT)
            self.assertEqual(connection.response().status, 200)

    def test_what_crosses_it_is_neither_executed_nor_reset(self):
        for unix in (False, True):
            connection = self.kept(unix)
            self.assertEqual(connection.sock.recv(1), b"")
            connection.send(build("POST", "/api/crossed", body=b"x" * 1000, host=connection.host))
            self.assertEqual(connection.sock.recv(1), b"")
        self.assertNotIn("/api/crossed", [request.target for request in self.server.requests])

    def test_a_client_that_does_not_close_its_end_is_let_go(self):
        """Not even one that goes on sending keeps its connection."""
        for unix in (False, True):
            connection = self.kept(unix)
            self.assertEqual(connection.sock.recv(1), b"")
            began = time.monotonic()
            with self.assertRaises((BrokenPipeError, ConnectionResetError)):
                while time.monotonic() < began + PATIENCE:
                    connection.send(b"G")
                    time.sleep(0.02)

    def test_a_header_that_goes_on_is_waited_for(self):
        connection = self.kept()
        request = build("GET", "/api/slow", host=connection.host)
        for part in (request[:3], request[3:30], request[30:]):
            time.sleep(IDLE_S * 0.7)
            connection.send(part)
        self.assertEqual(connection.response().status, 200)

    def test_a_header_that_stands_still_ends_without_a_reset(self):
        for sent in (b"GET /ap", b"GET /api/x HTTP/1.1\r\nHost: loc"):
            connection = self.kept()
            connection.send(sent)
            self.assertEqual(connection.sock.recv(1), b"")

    def test_a_connection_that_was_never_used_is_closed_too(self):
        for unix in (False, True):
            with self.proxy.connect(unix, timeout=PATIENCE) as connection:
                self.assertEqual(connection.sock.recv(1), b"")


class TestKeepAlive(Case):
    def setUp(self):
        self.server = self.start_scripted(echo)

    def assert_kept(self, reply, seconds):
        self.assertEqual((reply.header("Keep-Alive"), reply.header("Connection")), ("timeout=%d" % seconds, "Keep-Alive"))

    def assert_closed(self, reply, value="close"):
        self.assertEqual((reply.header("Keep-Alive"), (reply.header("Connection") or "").lower()), (None, value))

    def test_answers_on_kept_connections_tell_the_time(self):
        for seconds, options in ((75, {}), (7, {"listen.idle_timeout_s": 7})):
            proxy = self.start_daemon(self.server, options)
            for unix in (False, True):
                with proxy.connect(unix) as connection:
                    for method, target, body in (("GET", "/api/x", None), ("HEAD", "/-/live", None), ("GET", "/-/live", None),
                                                 ("GET", "/nothing", None), ("POST", "/api/x", b"body"),
                                                 ("POST", "/api/x", [b"chunk"]), ("DELETE", "/-/live", None),
                                                 ("POST", "/nothing", b"x" * 100000)):
                        self.assert_kept(connection.request(method, target, body=body), seconds)

    def test_other_answers_do_not(self):
        proxy = self.start_daemon(self.server)
        close = [("Connection", "close")]
        for version, headers, value in (("HTTP/1.1", close, "close"), ("HTTP/1.1", [("Connection", "x, Close")], "close"),
                                        ("HTTP/1.0", [], "close"), ("HTTP/1.0", close, "close"),
                                        ("HTTP/1.0", [("Connection", "keep-alive")], "keep-alive")):
            for target in ("/api/x", "/-/live", "/nothing"):
                self.assert_closed(proxy.get(target, headers=headers, version=version), value)
        with proxy.connect() as connection:  # answered before its body
            connection.send(build("POST", "/nothing", [("Content-Length", 1 << 31)], host=connection.host))
            self.assert_closed(connection.response())

    def test_an_answer_whose_end_is_that_of_the_connection_does_not(self):
        server = self.start_scripted(lambda peer, request: peer.send(
            b"HTTP/1.1 304 \r\nETag: \"a\"\r\n\r\n" if request.target == "/api/x" else answer()) or True)
        self.assert_closed(self.start_daemon(server).get("/api/x"))

    def test_what_the_server_says_of_its_own_connection_does_not_pass(self):
        server = self.start_scripted(lambda peer, request: peer.send(
            answer(headers=[("Keep-Alive", "timeout=5, max=9"), ("Connection", "keep-alive")])) or True)
        reply = self.start_daemon(server).get("/api/x")
        self.assert_kept(reply, 75)
        self.assertEqual(len(reply.all("Keep-Alive")), 1)


class TestMemory(Case):
    """The memory that libmicrohttpd has for a connection is 32 KiB, and all of it is used by the first request."""
    count = 1000
    idle_kib = 10  # of each
    closed_kib = 400  # of all

    def setUp(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        self.proxy = self.start_daemon(self.start_scripted(echo), {"listen.address": "127.0.0.1"})

    def connect(self, count):
        connections = [self.proxy.connect(index % 2 == 0) for index in range(count)]
        for connection in connections:
            self.addCleanup(connection.close)
        return connections

    def ask(self, connections, target="/api/x"):
        for connection in connections:
            self.assertEqual(connection.request("GET", target).status, 200)

    def wait_for_memory(self, kib, what):
        """Valgrind and the sanitizers have a heap of their own, which keeps what is freed: only the time passes."""
        if SLOW:
            time.sleep(KEPT_MEMORY_S + 0.5)
            return
        wait_until(lambda: self.proxy.memory_kib() <= kib, "the return of the memory of " + what)

    def test_idle_connections_cost_little_and_closed_ones_nothing(self):
        self.ask(self.connect(10))  # code, and connections to the server
        before = self.proxy.memory_kib()
        connections = self.connect(self.count)
        for _ in range(2):
            self.ask(connections)
            self.wait_for_memory(before + self.count * self.idle_kib, "idle connections")
        for connection in connections:
            connection.close()
        self.wait_for_memory(before + self.closed_kib, "closed connections")

    def test_what_requests_used_goes_back_when_many_connections_close(self):
        """Below what connections that stay open have got."""
        go = threading.Event()

        def handle(peer, request):
            if request.method == "POST":
                go.wait(PATIENCE)
            return echo(peer, request)
        self.proxy = self.start_daemon(self.start_scripted(handle), {"upstream.max_connections": 4})
        self.ask(self.connect(10))
        before = self.proxy.memory_kib()
        many = self.connect(400)
        for connection in many:
            connection.send(build("POST", "/api/x", body=b"x" * 16384, host=connection.host))
        self.ask(self.connect(20), "/-/live")
        go.set()
        for connection in many:
            self.assertEqual(connection.response().status, 200)
            connection.close()
        self.wait_for_memory(before + 1024, "requests")

    def test_bytes_that_have_arrived_are_kept(self):
        """The beginning of a request waits in the memory; it came with the one before, or after it."""
        for lead in (b"", b"\r\n" * 2048, b"\r\n" * 4096, b"\r\n" * 8192):
            self.check_kept(lead)

    def check_kept(self, lead):
        connections = self.connect(40)
        for index, connection in enumerate(connections):
            request = lead + build("GET", "/api/x%d" % index, host=connection.host)
            connection.send(request + request[:len(lead) + index % 4 * 7])
        for connection in connections:
            self.assertEqual(connection.response().status, 200)
        time.sleep(KEPT_MEMORY_S + 0.5)
        for index, connection in enumerate(connections):
            connection.send((lead + build("GET", "/api/x%d" % index, host=connection.host))[len(lead) + index % 4 * 7:])
            self.assertEqual(connection.response().status, 200)


class TestEnd(Case):
    """Sends SIGTERM; the drain would take longer than the tests wait."""

    def setUp(self):
        self.proxy = self.start_daemon(self.start_scripted(echo), {"limits.drain_timeout_ms": 600000})

    def half(self, text, unix):
        connection = self.proxy.connect(unix)
        self.addCleanup(connection.close)
        connection.send(text)
        return connection

    def test_a_header_that_is_not_complete_is_not_waited_for(self):
        halves = [self.half(text, unix) for unix in (False, True)
                  for text in (b"GET /api/x HTTP/1.1\r\n", b"GET /api/x HTTP/1.1\r\nHost: loc", b"GET /ap")]
        self.assert_serves(self.proxy)
        self.proxy.signal(signal.SIGTERM)
        for connection in halves:
            self.assertEqual(connection.rest(), b"")
        self.assertEqual(self.proxy.ended(), 0)

    def test_a_body_that_is_not_complete_is_waited_for(self):
        body = self.half(build("POST", "/api/x", [("Content-Length", 10)]) + b"12345", True)
        header = self.half(b"GET /api/x HTTP/1.1\r\nHost: loc", False)
        self.assert_serves(self.proxy)
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(header.rest(), b"")
        body.send(b"67890")
        reply = body.response()
        self.assertEqual((reply.status, (reply.header("Connection") or "").lower()), (200, "close"))
        self.assertIsNone(reply.header("Keep-Alive"))
        self.assertEqual(self.proxy.ended(), 0)

    def test_a_header_that_begins_in_the_drain_is_not_waited_for_either(self):
        body = self.half(build("POST", "/api/x", [("Content-Length", 10)]) + b"12345", True)
        kept = self.proxy.connect()
        self.addCleanup(kept.close)
        self.assertEqual(kept.request("GET", "/-/live").status, 200)
        self.proxy.signal(signal.SIGTERM)
        self.proxy.notices.wait("^STOPPING=1$")
        kept.send(b"GET /api/x HTTP/1.1\r\nHost: loc")
        self.assertEqual(kept.rest(), b"")
        body.send(b"67890")
        self.assertEqual(body.response().status, 200)
        self.assertEqual(self.proxy.ended(), 0)


if __name__ == "__main__":
    tap.main()
