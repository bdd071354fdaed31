# SPDX-License-Identifier: Apache-2.0
"""Answers over HTTP/2 whose readers are slow: what they cost, what they hold up, and what they leave behind."""
import contextlib
import json
import socket
import threading
import time

import tap
from harness import SLOW, Case, Closed, answer, build, wait_until
from http2 import (ACK, CANCEL, DATA, END_HEADERS, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, STATUS_200,
                   WINDOW_UPDATE, Http2Server, Peer)
from scripted import USER
from websocket import jwt

KIB, MIB = 1 << 10, 1 << 20
WINDOW = 256 * KIB  # HTTP2_WINDOW_BYTES, and EXCHANGE_WINDOW_BYTES, which the daemon keeps besides
SLACK = 192 * KIB  # of a stalled download: its local connection, and what is lost between blocks of memory
STALLED = 99
BLOCK = bytes(16 * KIB)
STEP = 64 * KIB
WINDOW_MAX = 4 * MIB  # HTTP2_WINDOW_MAX_BYTES


class Stalls(Case):
    def stall(self, proxy, target, count=1):
        """COUNT programs that ask for TARGET and do not read."""
        connections = []
        for _ in range(count):
            connection = proxy.connect(unix=True)
            self.addCleanup(connection.close)
            connection.record = False
            connection.send(build("GET", target, host=connection.host))
            connections.append(connection)
        return connections

    @staticmethod
    def wait_for_standstill(sent):
        """Until the server has sent what it can: SENT() is the same for half a second, and not 0."""
        last = [sent(), time.monotonic()]

        def stands():
            if last[0] != sent():
                last[:] = sent(), time.monotonic()
            return last[0] > 0 and time.monotonic() - last[1] > 0.5
        wait_until(stands, "a standstill")


class TestBehindNginx(Stalls):
    """nginx allows 128 streams and sends as fast as windows allow."""

    def setUp(self):
        self.sent = 0
        self.refuses = False
        self.lock = threading.Lock()
        server = self.start_scripted(self.handle, authenticates=False, answers_probes=True)
        server.password = "a-password-of-the-test"
        self.server = server
        self.front = self.start_front(server, "h2")

    def handle(self, peer, request):
        if request.target in ("/api/auth/login", "/api/auth/token"):
            peer.send(answer(body={"token": jwt("x"), "refreshToken": jwt("x")}))
        elif request.target == "/api/auth/user":
            peer.send(answer(body=USER))
        elif request.target == "/api/refused" and self.refuses:
            self.refuses = False
            peer.send(answer(401, {"status": 401, "message": "Token has expired", "errorCode": 11}))
        elif request.target.startswith("/api/large"):
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: a/b\r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
            for _ in range(64 * MIB // len(BLOCK)):
                peer.send(BLOCK)
                with self.lock:
                    self.sent += len(BLOCK)
        else:
            peer.send(answer(body={"target": request.target}))
        return True

    def begin(self, **options):
        proxy = self.start_daemon(self.front, {"rate.learn": False, "join.reads": False, "upstream.username": "x",
                                               "upstream.password_file": self.server.password, **options}, "none")
        wait_until(lambda: proxy.get("/-/ready").json()["edition"], "the end of the questions for the edition")
        return proxy

    def test_99_stalled_downloads_hold_up_nobody_on_their_connection(self):
        proxy = self.begin(**{"upstream.max_requests": 200})  # reads get three quarters of them
        before = proxy.memory_kib()
        connections = self.stall(proxy, "/api/large", STALLED)
        self.wait_for_standstill(lambda: self.sent)
        cost = proxy.memory_kib() - before
        began = len(self.front.requests())
        self.refuses = True
        start = time.monotonic()
        for target in ("/api/device/1", "/api/refused", "/api/device/2"):
            self.assertEqual(proxy.get(target).status, 200)
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual([request.target for request in self.server.requests][-5:], [
            "/api/device/1", "/api/refused", "/api/auth/token", "/api/refused", "/api/device/2"])
        for connection in connections:
            connection.reset()
        wait_until(lambda: len(self.front.requests()) >= began + 5 + STALLED, "the log")
        self.assertEqual(len({port for _, port in self.front.requests()[began:]}), 1)
        if not SLOW:
            self.assertLess(cost, STALLED * (2 * WINDOW + SLACK) // KIB)

    def test_30_stalled_downloads_cost_two_windows_each(self):
        proxy = self.begin()
        before = proxy.memory_kib()
        self.stall(proxy, "/api/large", 30)
        self.wait_for_standstill(lambda: self.sent)
        cost = proxy.memory_kib() - before
        if not SLOW:
            self.assertLess(cost, 30 * (2 * WINDOW + SLACK) // KIB)

    def test_what_stalled_downloads_hold_counts_in_the_limit(self):
        proxy = self.begin(**{"limits.max_buffered_bytes": 2 * MIB, "limits.max_kept_body_bytes": MIB})
        body = bytes(MIB)
        self.assertEqual(proxy.call("PUT", "/api/x", body=body).status, 200)
        connections = self.stall(proxy, "/api/large", 8)
        self.wait_for_standstill(lambda: self.sent)
        self.assert_error(proxy.call("PUT", "/api/x", body=body), 503, 2, "limits.max_buffered_bytes")
        for connection in connections:
            connection.reset()
        wait_until(lambda: proxy.call("PUT", "/api/x", body=body).status == 200, "room")


class Sender(Peer):
    """Sends bodies as far as the windows allow."""

    def __init__(self, sock):
        super().__init__(sock)
        self.lock = threading.RLock()
        self.credits = {0: 65535}  # bytes that may be sent, by stream; 0: on the connection
        self.left = {}  # bytes to be sent
        self.sent = 0

    def begin(self, stream, length):
        self.credits[stream] = WINDOW
        self.left[stream] = 0
        self.send(HEADERS, END_HEADERS, stream, STATUS_200)
        self.send_more(stream, length)

    def send_more(self, stream, length):
        with self.lock:
            self.left[stream] += length
            self.go_on(stream)

    def go_on(self, stream):
        while self.left[stream] > 0:
            length = min(self.left[stream], self.credits[stream], self.credits[0], len(BLOCK))
            if length <= 0:
                return
            for number in (stream, 0):
                self.credits[number] -= length
            self.left[stream] -= length
            self.sent += length
            self.send(DATA, 0, stream, BLOCK[:length])

    def credit_came(self, stream, payload):
        with self.lock:
            if stream in self.credits:
                self.credits[stream] += int.from_bytes(payload, "big")
            for number in list(self.left) if stream == 0 else [stream] if stream in self.left else []:
                self.go_on(number)


class WindowServer(Http2Server):
    """Answers with the first LENGTH bytes of a body. RESETS: with a reset after them. Allows 16 streams."""

    def __init__(self, length, resets=False):
        self.length = length
        self.resets = resets
        self.downloads = []  # (connection, stream)
        super().__init__(None, max_streams=16)

    def serve(self, sock):
        peer = Sender(sock)
        self.peers.append(peer)
        with contextlib.suppress(OSError, ValueError):  # the daemon has closed the connection, or the test is over
            peer.file.read(len(PREFACE))
            peer.send(SETTINGS, 0, 0, self.settings)
            while True:
                self.frame_came(peer, *peer.read_frame())
        peer.file.close()
        peer.sock.close()

    def frame_came(self, peer, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            peer.send(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            peer.send(PING, ACK, 0, payload)
        elif kind == WINDOW_UPDATE:
            peer.credit_came(stream, payload)
        elif kind == RST_STREAM:
            peer.left.pop(stream, None)
        elif kind == HEADERS:
            self.request_came(peer, stream, peer.read_header(flags, payload)[":path"])
        if self.resets and kind in (HEADERS, WINDOW_UPDATE):
            for number in [number for number, left in peer.left.items() if left == 0]:
                del peer.left[number]
                peer.reset(number, CANCEL)

    def request_came(self, peer, stream, target):
        if target.startswith("/api/large"):
            peer.begin(stream, self.length)
            self.downloads.append((peer, stream))
        else:
            peer.answer(stream, json.dumps(USER).encode())

    def sent(self):
        return sum(peer.sent for peer in self.peers)


class Reader:
    """A program that reads a body of unknown length."""

    def __init__(self, connection):
        self.connection = connection
        self.left = 0  # of a chunk
        connection.final_head()

    def read(self, length):
        while length > 0:
            if self.left == 0:
                self.left = int(self.connection.line(), 16)
            part = len(self.connection.take(min(length, self.left)))
            self.left -= part
            length -= part
            if self.left == 0:
                self.connection.line()


class TestWindows(Stalls):
    def begin(self, length, resets=False, **options):
        self.server = WindowServer(length, resets)
        self.addCleanup(self.server.stop)
        self.proxy = self.start_daemon(self.server, {"rate.learn": False, "join.reads": False, **options}, "api_key")
        wait_until(lambda: self.proxy.get("/-/ready").json()["edition"], "the end of the questions for the edition")

    def read_at_once(self, count, length):
        """COUNT programs read LENGTH bytes, and the server sends no more before they have read what came. Returns how many
        bytes more may then be sent to each, of which at most half a window is missing."""
        self.server.downloads.clear()
        connections = self.stall(self.proxy, "/api/large", count)
        readers = [Reader(connection) for connection in connections]
        for reader in readers:
            reader.read(self.server.length)
        for _ in range(length // STEP):
            for (peer, stream), reader in zip(self.server.downloads, readers):
                peer.send_more(stream, STEP)
            for reader in readers:
                reader.read(STEP)
        credit = [peer.credits[stream] for peer, stream in self.server.downloads]
        for connection in connections:
            connection.reset()
        wait_until(lambda: self.in_flight() == 0, "the end of all requests")
        return credit

    def in_flight(self):
        return self.proxy.get("/-/status").json()["limits"]["in_flight"]

    def test_a_window_grows_while_its_reader_keeps_up(self):
        self.begin(WINDOW + STEP)
        credit, = self.read_at_once(1, 12 * MIB)
        self.assertGreater(credit, WINDOW_MAX // 2)
        self.assertLessEqual(credit, WINDOW_MAX)

    def test_windows_together_grow_no_further_than_allowed(self):
        growth = 3 * WINDOW
        self.begin(WINDOW + STEP, **{"upstream.max_window_growth": growth})
        rounds = 0
        for _ in range(20):  # readers that get little time let no window grow
            credit = self.read_at_once(4, 4 * MIB)
            grown = sum(max(0, one - WINDOW) for one in credit)
            self.assertLessEqual(grown, growth)
            rounds += grown > 0
            if rounds == 2:  # what has grown is given back
                break
        self.assertEqual(rounds, 2)

    def test_a_window_does_not_grow_if_that_is_not_allowed(self):
        self.begin(WINDOW + STEP, **{"upstream.max_window_growth": 0})
        credit, = self.read_at_once(1, 4 * MIB)
        self.assertLessEqual(credit, WINDOW)

    def test_a_late_reader_gets_two_windows(self):
        """One that the daemon keeps, and one of HTTP/2 that does not grow."""
        self.begin(64 * MIB)
        self.stall(self.proxy, "/api/large")
        self.wait_for_standstill(self.server.sent)
        self.assertEqual(self.server.sent(), 2 * WINDOW)

    def assert_nothing_leaks(self, end):
        """A thousand downloads whose readers are late, 8 at a time; END(connection) ends each."""
        before = None
        for number in range(1000 // 8):
            for connection in self.stall(self.proxy, "/api/large", 8):
                end(connection)
                connection.close()
            if number == 25:
                before = self.proxy.memory_kib()
        self.assertEqual(self.proxy.get("/api/device/1").status, 200)
        wait_until(lambda: self.in_flight() == 0, "the end of all requests")
        self.assertEqual(len(self.server.downloads), 1000)
        self.assertEqual(len({peer for peer, _ in self.server.downloads}), 1)
        if not SLOW:
            self.assertLess(self.proxy.memory_kib() - before, MIB // KIB)

    def test_a_stream_that_the_server_resets_while_its_reader_is_late_leaks_nothing(self):
        def read_all(connection):
            wait_until(lambda: not self.server.peers[-1].left, "the resets")
            with self.assertRaises(Closed):
                Reader(connection).read(2 * WINDOW + 1)
        self.begin(2 * WINDOW, resets=True)
        self.assert_nothing_leaks(read_all)

    def test_a_download_whose_late_reader_goes_away_leaks_nothing(self):
        def reset(connection):
            Reader(connection)
            connection.reset()
        self.begin(64 * MIB)
        self.assert_nothing_leaks(reset)


if __name__ == "__main__":
    tap.main()
