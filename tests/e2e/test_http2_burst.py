# SPDX-License-Identifier: Apache-2.0
"""Many requests at once over HTTP/2: on a connection that is not there yet, and to a server that closes its connections
after a few requests."""
import contextlib
import json
import socket
import threading

import tap
from harness import Case, in_parallel, wait_until
from http2 import ACK, HEADERS, PREFACE, SETTINGS, Http2Server, Peer
from scripted import USER, answer

COUNT = 128  # upstream.max_requests
CONNECTIONS_MAX = 4  # POOL_HTTP2_CONNECTIONS_MAX
ROUNDS = 5


class BurstServer(Http2Server):
    """It allows ALLOWED streams, and answers no request for a device before it has TOGETHER of them. LATE: it sends its
    SETTINGS when it has a request. After any other request it closes the connection, so that the next one is cold."""

    def __init__(self, allowed, together, late):
        self.together = together
        self.late = late
        self.open_peers = set()
        self.waiting = []  # (connection, stream)
        self.most = {}  # streams at a time, of each connection with requests for devices
        super().__init__(None, max_streams=allowed)

    def serve(self, sock):
        peer = Peer(sock)
        self.peers.append(peer)
        self.open_peers.add(peer)
        with contextlib.suppress(OSError, ValueError):  # the daemon has closed the connection, or the test is over
            peer.file.read(len(PREFACE))
            first = self.read_first(peer) if self.late else None
            peer.send(SETTINGS, 0, 0, self.settings)
            if first:
                peer.send(SETTINGS, ACK, 0)
            self.answer_all(peer, first)
            peer.sock.shutdown(socket.SHUT_WR)
            while peer.sock.recv(65536):
                pass
        self.open_peers.discard(peer)
        peer.file.close()
        peer.sock.close()

    @staticmethod
    def read_first(peer):
        """The stream of the first request, which has no body."""
        while True:
            kind, flags, stream, payload = peer.read_frame()
            if kind == HEADERS:
                peer.headers[stream] = peer.read_header(flags, payload)
                return stream

    def answer_all(self, peer, first):
        while True:
            stream = first or peer.read_request()[0]
            first = None
            if not peer.headers[stream][":path"].startswith("/api/device/"):
                peer.answer(stream, json.dumps(USER).encode())
                return
            with self.lock:
                self.waiting.append((peer, stream))
                here = sum(other is peer for other, _ in self.waiting)
                self.most[peer] = max(self.most.get(peer, 0), here)
                if len(self.waiting) == self.together:
                    for other, number in self.waiting:
                        other.answer(number)
                    self.waiting.clear()


class TestColdBurst(Case):
    def burst(self, count, allowed, together, late):
        """Makes COUNT requests. Returns the number of streams at a time on each connection."""
        server = BurstServer(allowed, together, late)
        self.addCleanup(server.stop)
        proxy = self.start_daemon(server, {"rate.learn": False, "join.reads": False, "upstream.max_requests": COUNT}, "api_key")
        wait_until(lambda: proxy.get("/-/ready").json()["edition"], "the end of the questions for the edition")
        wait_until(lambda: not server.open_peers, "the end of all connections")
        replies = in_parallel(count, lambda index: proxy.get("/api/device/%d" % index))
        self.assertEqual([reply.status for reply in replies], [200] * count)
        return list(server.most.values())

    def test_a_server_with_128_streams_gets_128_at_once(self):
        for late in (False, True):
            with self.subTest(late=late):
                self.assertEqual(self.burst(COUNT, COUNT, COUNT, late), [COUNT])

    def test_a_server_without_a_limit_gets_128_at_once(self):
        for late in (False, True):
            with self.subTest(late=late):
                self.assertEqual(self.burst(COUNT, None, COUNT, late), [COUNT])

    def test_a_server_with_10_streams_gets_no_more_on_a_connection(self):
        for late in (False, True):
            with self.subTest(late=late):
                streams = self.burst(COUNT, 10, 1, late)
                self.assertLessEqual(len(streams), CONNECTIONS_MAX)
                self.assertLessEqual(max(streams), 10)

    def test_a_server_with_10_streams_gets_40_at_once(self):
        for late in (False, True):
            with self.subTest(late=late):
                self.assertEqual(self.burst(40, 10, 40, late), [10] * CONNECTIONS_MAX)


class TestGoAway(Case):
    def assert_none_fails(self, name, requests):
        executed = []
        lock = threading.Lock()

        def handle(peer, request):
            with lock:
                executed.append(request.target)
            peer.send(answer(body={"target": request.target}))
            return True
        front = self.make_front(self.addCleanup, self.start_scripted(handle), name, keepalive_requests=10)
        proxy = self.start_daemon(front, {"rate.learn": False, "join.reads": False, "merge.mode": "off"}, "api_key")
        for number in range(ROUNDS):
            targets = [path % ("%d-%d" % (number, index)) for path in requests for index in range(100 // len(requests))]
            replies = in_parallel(len(targets), lambda index: proxy.call(*self.request(targets[index])))
            self.assertEqual([(reply.status, reply.json()) for reply in replies],
                             [(200, {"target": target}) for target in targets], front.log())
            self.assertEqual(sorted(executed), sorted(targets))
            executed.clear()
        self.assertGreater(len({port for _, port in front.requests()}), ROUNDS * len(targets) // 10 // 2)

    @staticmethod
    def request(target):
        is_rpc = target.startswith("/api/rpc/")
        return ("POST", target, (), {"method": "ping", "params": {}}) if is_rpc else ("GET", target)

    def test_100_requests_at_a_server_that_closes_after_10_requests(self):
        for name in ("h2", "http/1.1"):
            with self.subTest(name=name):
                self.assert_none_fails(name, ("/api/device/%s", "/api/rpc/twoway/%s"))


if __name__ == "__main__":
    tap.main()
