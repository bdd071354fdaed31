#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Slow programs and slow servers, so many at once that they take all places: others get their turn, each is cut off in its time,
and then everything is as it was."""
import contextlib
import threading
import time

import tap
from exhaustion import POLITE, SCALE, Crowd, ExhaustionCase, close, replies, statuses
from harness import PATIENCE, SLOW, build, in_parallel, wait_until
from http2 import DATA, END_HEADERS, HEADERS, STATUS_200, Http2Server
from neighbours import LARGE, MIB, SLOW_MS
from users import ALICE, connect_as, needs_users

PLACES = 64      # upstream.max_connections
COUNT = 400      # programs with a header, and with a body
IDLE_S = 2       # listen.idle_timeout_s
TIMEOUT_S = 3 if SLOW else 1.5  # upstream.timeout_ms
STALL = "/api/stall/"

HEAD = b"HTTP/1.1 200 \r\nContent-Type: a/b\r\n"

# What an HTTP/1.1 server sends before it stalls.
STAGES = {
    "nothing": b"",
    "status": b"HTTP/1.1 2",
    "header": HEAD,
    "body": HEAD + b"Content-Length: 1000\r\n\r\n",
    "half": HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 500,
    "size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5",
    "chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nxx",
    "trailer": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nxxxxx\r\n0\r\nX: y",
}

# What one sends before it goes on with a byte now and then.
DRIPS = {"slow-status": b"HTTP/1.1 200 ", "slow-header": HEAD + b"X: ", "slow-body": HEAD + b"Content-Length: 1000000\r\n\r\n",
         "slow-chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"}


class Drip:
    """When it is called: every quarter of a second, another byte of a header and of a body, and a byte less of a download."""

    def __init__(self, senders, readers):
        self.senders, self.readers = senders, readers
        self.next = 0

    def __call__(self):
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + 0.25
        for crowd in self.senders:
            crowd.send(b"x")
        for sock in self.readers.socks:
            with contextlib.suppress(OSError):
                sock.recv(1)


@needs_users
class TestSlowPrograms(ExhaustionCase):
    def test_a_byte_now_and_then(self):
        """Headers, bodies and downloads."""
        self.begin({"listen.idle_timeout_s": IDLE_S, "limits.max_kept_body_bytes": 1000})
        with self.recovers():
            with self.flood("slow programs"):
                headers = Crowd(self, ALICE, self.proxy, COUNT, data=b"GET /api/x HTTP/1.1\r\n")
                bodies = Crowd(self, ALICE, self.proxy, COUNT, True, data=build("POST", "/api/x", [("Content-Length", MIB)]) + b"x")
                readers = Crowd(self, ALICE, self.proxy, PLACES, data=build("GET", LARGE))
                drip = Drip([headers, bodies], readers)

                def enough(texts, ended):
                    drip()
                    return len(ended) == len(texts)
                texts, _ = replies([headers, bodies], enough)
                # A byte that libmicrohttpd reads before the loop sees it does not count, so a connection may end as idle.
                self.assertLessEqual(set(statuses(texts)), {0, 408})
                self.assertGreater(statuses(texts)[408], 1.5 * COUNT)

                def no_places_taken():
                    drip()
                    return self.in_flight() == 0
                wait_until(no_places_taken, "the end of the downloads")
            readers.close()


@needs_users
class TestSlowServers(ExhaustionCase):
    """With 128 requests for 64 places."""

    def handle(self, peer, request):
        stage = request.target.split("/")[-1]
        if stage == "unread":
            self.server.release.wait(PATIENCE)
        elif stage in STAGES:
            peer.send(STAGES[stage])
            peer.wait_for_close()
        elif stage in DRIPS:
            peer.send(DRIPS[stage])
            while not self.server.release.wait(0.25):
                peer.send(b"x")
        else:
            return super().handle(peer, request)
        return False

    def begin(self, reads_bodies=True, **options):
        super().begin({"upstream.timeout_ms": int(TIMEOUT_S * 1000), **options},
                      self.start_scripted(self.handle, reads_bodies=reads_bodies))

    def ask(self, stages, method="GET", body=None):
        return [Crowd(self, ALICE, self.proxy, 2 * PLACES // len(stages), data=build(method, STALL + stage, body=body))
                for stage in stages]

    def test_they_stall_at_every_stage(self):
        self.begin()
        with self.recovers(), self.flood("servers that stall"):
            began = time.monotonic()
            crowds = self.ask(STAGES)
            texts, _ = replies(crowds, lambda texts, ended: all(texts.values()))
            self.assertEqual(set(statuses(texts)), {504})
            self.assertLess(time.monotonic() - began, (2 * TIMEOUT_S + 2) * SCALE)
            for text in texts.values():
                self.assertIn(b"the server did not answer in time", text)
            close(crowds)

    def test_they_send_a_byte_now_and_then(self):
        """A header has an end in time; a body that goes on has its place until its program goes. Those who wait are told."""
        self.begin(**{"queue.max_wait_ms": int(TIMEOUT_S * 2000)})
        with self.recovers(), self.flood("servers that send slowly"):
            crowds = self.ask(DRIPS)
            texts, _ = replies(crowds, lambda texts, ended: sum(map(bool, texts.values())) >= PLACES)
            self.assertEqual(set(statuses(texts)), {0, 504})
            self.wait_for_in_flight(PLACES)
            crowds += self.ask(["nothing"])
            late, _ = replies(crowds[-1:], lambda texts, ended: all(texts.values()))
            for text in late.values():
                self.assertTrue(text.startswith(b"HTTP/1.1 503") and b"queue.max_wait_ms" in text, text)
            close(crowds)

    def test_they_do_not_read(self):
        self.begin(reads_bodies=False)
        request = build("POST", STALL + "unread", body=bytes(8 * MIB))
        with self.recovers(), self.flood("servers that do not read"):
            def upload(connection):
                with contextlib.suppress(OSError):  # it is cut off
                    connection.send(request)
                return connection.response().status
            connections = connect_as(self, ALICE, self.proxy, 16)
            self.assertEqual(set(in_parallel(16, lambda index: upload(connections[index]))), {504})
            close(connections)


class StallingHttp2(Http2Server):
    """Over HTTP/2. It takes no body: its windows are closed."""

    def __init__(self):
        super().__init__(None)
        self.settings = b"\0\4\0\0\0\0"  # SETTINGS_INITIAL_WINDOW_SIZE
        self.stopped = threading.Event()

    def serve_request(self, peer, stream, body):
        path = peer.headers[stream][":path"]
        if path == POLITE:
            threading.Timer(SLOW_MS / 1000, peer.answer, (stream, b"good")).start()
        elif path == STALL + "header":
            peer.send(HEADERS, END_HEADERS, stream, STATUS_200)
        elif path == STALL + "half":
            peer.send(HEADERS, END_HEADERS, stream, STATUS_200)
            peer.send(DATA, 0, stream, bytes(1000))
        elif not path.startswith(STALL):
            super().serve_request(peer, stream, body)
        return True


@needs_users
class TestSlowHttp2Servers(ExhaustionCase):
    """With 256 requests for 128 places."""

    def test_streams_that_stall(self):
        server = StallingHttp2()
        self.addCleanup(server.stop)
        self.begin({"upstream.timeout_ms": int(TIMEOUT_S * 1000)}, server)
        with self.recovers(), self.flood("streams that stall"):
            began = time.monotonic()
            crowds = [Crowd(self, ALICE, self.proxy, 64, data=build("GET", STALL + stage)) for stage in ("nothing", "header", "half")]
            crowds.append(Crowd(self, ALICE, self.proxy, 64, data=build("POST", STALL + "upload", body=bytes(1000))))
            texts, _ = replies(crowds, lambda texts, ended: all(texts.values()))
            self.assertEqual(set(statuses(texts)), {504})
            self.assertLess(time.monotonic() - began, (2 * TIMEOUT_S + 2) * SCALE)
            close(crowds)


if __name__ == "__main__":
    tap.main()
