#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one user does never harms another: each attack, and what the other one notices of it."""
import contextlib
import socket
import threading
import time
import zlib

import tap
from harness import build, in_parallel, wait_until
from neighbours import LARGE, MIB, SOCKET, WAITING, NeighboursCase
from users import ALICE, BOB, connect_as, needs_users
from websocket import KEY, TEXT, frame

ENTITY = "/api/plugins/telemetry/DEVICE/11111111-1111-1111-1111-111111111111/timeseries/ANY"
DEFLATE = "permessage-deflate; client_no_context_takeover"


def send_until_closed(sock, data):
    with contextlib.suppress(OSError):
        while True:
            sock.sendall(data)


@needs_users
class TestConnections(NeighboursCase):
    def test_1100_idle_tcp_connections(self):
        self.begin()
        before = self.cpu_s()
        began = time.monotonic()
        idle = self.attack(1100)
        self.assert_not_noticed()
        taken = time.monotonic() - began
        self.assertLess(self.cpu_s() - before, taken / 2 + 1)
        self.assertEqual(idle[-1].request("GET", "/api/last").status, 200)
        self.assertEqual(idle[0].rest(), b"")  # the one that was idle longest gave way

    def test_1100_idle_tcp_connections_with_1024_descriptors(self):
        self.begin(descriptors=1024)
        self.attack(1100)
        self.assert_not_noticed()
        self.assertEqual(self.proxy.log.find("Too many open files"), [])

    def test_connections_with_requests(self):
        """Nobody gives way: those beyond the bound are refused, and only them."""
        self.begin({"listen.max_connections": 8})
        busy = self.attack(8)
        for connection in busy:
            connection.send(build("GET", WAITING, host=connection.host))
        wait_until(lambda: self.seen() == 8, "the requests")
        refused, = self.attack(1)
        self.assert_refused(refused, 503, "listen.max_connections")
        self.assert_not_noticed()


@needs_users
class TestPlaces(NeighboursCase):
    """64 connections to the server."""

    def test_64_slow_requests(self):
        self.begin()
        for connection in self.attack(64):
            connection.send(build("GET", WAITING, host=connection.host))
        wait_until(lambda: self.seen() == 64, "the requests that have a place")
        self.assert_not_noticed()
        self.assertEqual(self.seen(), 64)

    def test_64_uploads_of_a_byte_now_and_then(self):
        self.begin({"limits.max_kept_body_bytes": 1000})
        uploads = self.attack(64)
        for connection in uploads:
            connection.send(build("POST", WAITING, [("Content-Length", MIB)], host=connection.host) + b"x")
        self.wait_for_in_flight(64)
        self.assert_not_noticed()
        for connection in uploads:
            connection.send(b"x")
        self.assert_not_noticed(method="POST", body=b"x" * 2000)

    def test_64_downloads_that_are_read_slowly(self):
        self.begin()
        downloads = self.attack(64)
        for connection in downloads:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.send(build("GET", LARGE, host=connection.host))
        self.wait_for_in_flight(64)
        self.wait_for_standstill()
        self.assert_not_noticed()
        for connection in downloads:
            connection.sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):  # it has no place
                connection.sock.recv(1)
        self.assert_not_noticed()


@needs_users
class TestBodies(NeighboursCase):
    def test_256_stalled_bodies_of_1_mib(self):
        self.begin()
        stalled = self.attack(256)
        part = b"x" * (MIB - 1)
        for connection in stalled:
            connection.send(build("POST", "/api/stalled", [("Content-Length", MIB)], host=connection.host))
        in_parallel(8, lambda index: [connection.send(part) for connection in stalled[index::8]])
        wait_until(lambda: self.client("uid:%d" % ALICE)["body_bytes"] > 255 * MIB, "the bodies")
        self.assert_not_noticed(method="POST", body=b"x" * 1000)
        refused = []
        for connection in self.attack(2):
            connection.send(build("POST", "/api/more", body=b"x" * MIB, host=connection.host))
            refused.append(connection.response())
        self.assertEqual([reply.status for reply in refused], [503, 503])
        self.assertIn("limits.max_buffered_bytes", refused[0].json()["message"])


@needs_users
class TestTurns(NeighboursCase):
    def test_70_tcp_connections_under_a_limit_of_one_a_second(self):
        """The other waits for three tokens of theirs, and for his own."""
        self.begin({"rate.limits": "1:1"})
        flood = self.attack(70)
        for connection in flood:
            connection.send(build("GET", "/api/flood", host=connection.host))
        wait_until(lambda: self.seen("/api/flood") == 1, "the first")
        began = time.monotonic()
        polite, = connect_as(self, BOB, self.proxy, unix=True)
        self.assertEqual(polite.request("GET", "/api/polite").status, 200)
        self.assertLessEqual(self.seen("/api/flood"), 4)
        self.assertLess(time.monotonic() - began, 6)

    def test_bad_bodies_for_the_same_entity_under_a_limit_of_4_a_second(self):
        """The search for the bad ones is made in the turns of the one who sent them."""
        self.begin({"rate.limits": "4:1"})
        attackers = self.attack(64)
        for connection in attackers:
            self.write(connection, b'{"bad":1}')
        wait_until(lambda: self.seen(ENTITY) >= 6, "a refused call, and parts of it")
        other, = connect_as(self, BOB, self.proxy)
        began = time.monotonic()
        self.write(other, b'{"good":1}')
        self.assertEqual(other.response().status, 200)
        self.assertLess(time.monotonic() - began, 3)
        waiting = self.client("uid:%d" % ALICE)["requests"]
        self.assertGreater(waiting, 32)  # of the 64; nearly 128 calls are needed
        self.assertFalse([request for request in self.server.requests if b"good" in request.body
                          and b"bad" in request.body])

    @staticmethod
    def write(connection, body):
        connection.send(build("POST", ENTITY, [("Content-Type", "application/json")], body, host=connection.host))


@needs_users
class TestStreams(NeighboursCase):
    def test_all_streams_taken_by_one_program(self):
        self.begin({"upstream.timeout_ms": 60000})
        target = "/-/subscribe/DEVICE/11111111-1111-1111-1111-111111111111"
        streams = self.attack(101)
        for connection in streams:
            connection.send(build("GET", target, host=connection.host))
        refused = None
        for connection in streams[100:]:
            refused = connection.response()
        self.assert_error(refused, 503, 2, "too many subscribers")
        other, = connect_as(self, BOB, self.proxy)
        other.send(build("GET", target, host=other.host))
        self.assert_not_noticed()
        other.sock.settimeout(0.3)
        self.assertRaises(TimeoutError, other.sock.recv, 1)  # it is not refused: it waits for the first values


@needs_users
class TestWebSockets(NeighboursCase):
    @staticmethod
    def shake_hands(connection, headers=()):
        headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", KEY),
                   ("Sec-WebSocket-Version", "13"), *headers]
        connection.send(build("GET", SOCKET, headers, host=connection.host))

    def test_150_websocket_handshakes_at_once(self):
        """32 at once, and then 8 in a second."""
        self.begin()
        began = time.monotonic()
        for connection in self.attack(150):
            self.shake_hands(connection)
        wait_until(lambda: self.seen(SOCKET) >= 32, "the first")
        self.assert_not_noticed()
        other, = connect_as(self, BOB, self.proxy)
        before = time.monotonic()
        self.shake_hands(other)
        self.assertEqual(other.head().status, 101)
        self.assertLess(time.monotonic() - before, 1)
        self.assertLessEqual(self.seen(SOCKET), 32 + 1 + 8 * (time.monotonic() - began) + 1)

    def flood(self, data, headers=()):
        """8 WebSockets send DATA, again and again, as fast as the daemon takes it."""
        for connection in self.attack(8):
            self.shake_hands(connection, headers)
            self.assertEqual(connection.head().status, 101)
            thread = threading.Thread(target=send_until_closed, args=(connection.sock, data), daemon=True)
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(connection.sock.shutdown, socket.SHUT_RDWR)

    def test_8_websockets_with_the_largest_messages(self):
        """Each message holds an authCmd: the daemon reads them to the end."""
        self.begin()
        self.flood(frame(TEXT, b'{"authCmd":[%s1]}' % (b"1," * 32000)))
        self.assert_not_noticed()

    def test_8_websockets_with_messages_that_inflate_to_the_largest_size(self):
        """A few hundred bytes become 64 KiB."""
        self.begin()
        deflate = zlib.compressobj(wbits=-15)
        text = b'{"authCmd":[%s1]}' % (b"1," * 32000)
        data = (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
        self.flood(frame(TEXT, data, rsv=4) * 50, [("Sec-WebSocket-Extensions", DEFLATE)])
        self.assert_not_noticed()


if __name__ == "__main__":
    tap.main()
