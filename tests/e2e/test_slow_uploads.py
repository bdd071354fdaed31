# SPDX-License-Identifier: Apache-2.0
"""Servers that take a request's body slowly, or not at all."""
import socket
import threading
import time

import tap
from harness import Case, answer
from http2 import DATA, REFUSED_STREAM, SETTINGS, WINDOW_UPDATE, Http2Server

KIB, MIB = 1 << 10, 1 << 20
WINDOW = 16 * MIB
LARGE = 8 * MIB  # more than the kernel buffers
KEPT = {"limits.max_kept_body_bytes": 2 * LARGE, "limits.max_body_bytes": 2 * LARGE}


class SlowServer(Http2Server):
    """Takes as much of a body as there is, but waits PAUSE_S before each frame of it. STOPS: answers at the first frame, and
    takes no more."""

    def __init__(self, certificate="", pause_s=0, stops=False):
        self.pause_s, self.stops = pause_s, stops
        self.released = threading.Event()
        super().__init__(self.finish, certificate)
        self.settings = b"\0\4" + WINDOW.to_bytes(4, "big")
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)

    @staticmethod
    def finish(peer, stream, body):
        peer.answer(stream, b'{"bytes": %d}' % len(body))
        return True

    def serve_peer(self, peer):
        read_frame = peer.read_frame

        def slowly():
            kind, flags, stream, payload = read_frame()
            if kind == SETTINGS and not flags & 1:
                peer.send(WINDOW_UPDATE, 0, 0, WINDOW.to_bytes(4, "big"))
            elif kind == DATA and self.stops:
                peer.answer(stream, b"early")
                self.released.wait()
            elif kind == DATA:
                time.sleep(self.pause_s)
            return kind, flags, stream, payload
        peer.read_frame = slowly
        super().serve_peer(peer)

    def stop(self):
        self.released.set()
        super().stop()


class TestSlowUploads(Case):
    def test_a_server_that_reads_slowly_over_http_2_is_alive(self):
        """It takes 13 s, and says nothing meanwhile: not even to a PING, which is behind the body."""
        server = SlowServer(pause_s=13 / (2 * MIB / (16 * KIB)))
        self.addCleanup(server.stop)
        proxy = self.start_daemon(server, {**server.daemon_options, **KEPT}, "api_key")
        reply = proxy.call("POST", "/api/upload", body=bytes(2 * MIB), timeout=60)
        self.assertEqual((reply.status, reply.json()), (200, {"bytes": 2 * MIB}))


class TestEarlyAnswers(Case):
    """The whole answer comes, then the server takes no more of the body: when time is up, the client gets the answer."""

    def assert_answered(self, server, **options):
        proxy = self.start_daemon(server, {"upstream.timeout_ms": 2000, **options}, "api_key")
        reply = proxy.call("POST", "/api/upload", body=bytes(LARGE), timeout=30)
        self.assertEqual((reply.status, reply.body), (200, b"early"))

    def start_server(self):
        released = threading.Event()
        self.addCleanup(released.set)

        def handle(peer, request):
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            peer.file.read(KIB)
            peer.send(answer(body=b"early"))
            released.wait()
            return False
        return self.start_scripted(handle, reads_bodies=False)

    def test_over_http_1_1(self):
        for options in ({}, KEPT):
            with self.subTest(options=options):
                self.assert_answered(self.start_server(), **options)

    def test_over_http_2(self):
        for options in ({}, KEPT):
            with self.subTest(options=options):
                server = SlowServer(stops=True)
                self.addCleanup(server.stop)
                self.assert_answered(server, **server.daemon_options, **options)


class TestRefusedStreams(Case):
    def test_a_server_that_refuses_for_a_time_is_asked_again(self):
        began = []
        refused = []

        def handle(peer, stream, body):
            began.append(time.monotonic())
            if began[-1] - began[0] < 0.3:
                refused.append(stream)
                peer.reset(stream, REFUSED_STREAM)
            else:
                peer.answer(stream, b"done")
            return True
        server = Http2Server(handle)
        self.addCleanup(server.stop)
        proxy = self.start_daemon(server, server.daemon_options, "api_key")
        reply = proxy.call("POST", "/api/rpc/oneway/1", body=b"{}")
        self.assertEqual((reply.status, reply.body), (200, b"done"))
        self.assertLess(len(refused), 10)  # after 0, 5, 10, 20 ... ms


if __name__ == "__main__":
    tap.main()
