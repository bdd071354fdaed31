#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Headers, bodies, frames and events without end, from programs and from servers; and a queue that is full."""
import json
import re

import tap
from exhaustion import POLITE, SCALE, Crowd, ExhaustionCase, close, replies, statuses
from harness import answer, build, wait_until
from http2 import CANCEL, CONTINUATION, HEADERS, PING, REFUSED_STREAM, SETTINGS, STATUS_200, WINDOW_UPDATE, Http2Server
from http2 import frame as http2_frame
from neighbours import MIB, SOCKET, WAITING
from users import ALICE, CAROL, needs_users
from websocket import BINARY, KEY, TEXT, accept, frame

COUNT = 64  # as many as there are places at the server
FLOOD = "/api/flood/"
PIECE = 64 << 10
TELEMETRY = "/api/plugins/telemetry/DEVICE/11111111-1111-1111-1111-111111111111/timeseries/ANY"
GROWTH_KIB = 64 << 10  # what 64 answers may take: a window, and what the daemon keeps besides
HEAD = b"HTTP/1.1 200 \r\nContent-Type: a/b\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LINES = b"".join(b"X-%d: %s\r\n" % (index, b"y" * 50) for index in range(1000))

# What a program goes on with after its request line.
HEADERS_WITHOUT_END = {"lines": LINES, "line": b"X: " + b"y" * PIECE, "cookies": b"Cookie: " + b"a=b; " * 1000,
                       "empty": b"a:\r\n" * 1000}

# How an answer of HTTP/1.1 begins, and what it goes on with; what a program is told.
ANSWERS = {
    "lines": (HEAD, LINES, 502), "line": (HEAD + b"X: ", b"y" * PIECE, 502), "interim": (b"", b"HTTP/1.1 102 \r\n\r\n" * 1000, 502),
    "extension": (CHUNKED + b"5;", b"y" * PIECE, 502), "trailer": (CHUNKED + b"0\r\n", LINES, 502),
    "zeroes": (CHUNKED, b"0" * PIECE, 502),
}

# Frames of HTTP/2 without end.
FRAMES = {
    "settings": lambda stream: (SETTINGS, 0, 0, b""), "ping": lambda stream: (PING, 0, 0, bytes(8)),
    "window": lambda stream: (WINDOW_UPDATE, 0, 0, b"\0\0\0\1"), "data": lambda stream: (0, 0, stream, b""),
    "continuation": lambda stream: (CONTINUATION, 0, stream, b"\0\1x\1y" * 100),
}

RESETS = {"cancel": CANCEL, "refused": REFUSED_STREAM}


def read_frame(file):
    """The text of a short frame of the daemon."""
    head = file.read(2)
    length = head[1] & 127
    if length == 126:
        length = int.from_bytes(file.read(2), "big")
    mask, text = file.read(4), file.read(length)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))


@needs_users
class FloodCase(ExhaustionCase):
    """The server goes on and on until the daemon closes the connection."""

    def handle(self, peer, request):
        if request.header("Upgrade"):
            peer.send(accept(request))
            self.flood_websocket(peer)
            return False
        if request.target == TELEMETRY:
            return self.answer_telemetry(peer, request)
        if request.target.startswith(FLOOD):
            self.flood_answer(peer, request.target[len(FLOOD):])
        return super().handle(peer, request)

    def answer_telemetry(self, peer, request):
        """The first call waits until there are others to merge; the merged ones get an answer without end."""
        if len(request.body) < 100:
            wait_until(lambda: self.gauge("tbproxyd_queue_requests") == COUNT - 1, "the others")
            peer.send(answer())
            return True
        return self.flood_answer(peer, "body")

    def flood_answer(self, peer, kind):
        begin, more = self.begins[kind]
        peer.send(begin)
        while True:
            peer.send(more)
            self.sent += len(more)

    begins = {**{kind: row[:2] for kind, row in ANSWERS.items()},
              "body": (CHUNKED, b"%x\r\n%s\r\n" % (PIECE, bytes(PIECE)))}
    sent = 0

    def crowd(self, data, count=COUNT, **more):
        return Crowd(self, ALICE, self.proxy, count, data=data, **more)

    def assert_bounded(self, before):
        grown = self.proxy.memory_kib() - before
        tap.comment("%d KiB" % grown)
        self.assertLess(grown, GROWTH_KIB * SCALE)


class TestHeaders(FloodCase):
    def test_of_programs(self):
        self.begin()
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("headers of programs without end"):
            crowds = {kind: self.crowd(b"GET /api/x HTTP/1.1\r\nHost: localhost\r\n", unix=index % 2 == 1)
                      for index, kind in enumerate(HEADERS_WITHOUT_END)}

            def enough(texts, ended):
                for kind, crowd in crowds.items():
                    crowd.send(HEADERS_WITHOUT_END[kind])
                return len(ended) == len(texts)
            texts, _ = replies(crowds.values(), enough)
            tap.comment(str(statuses(texts)))
            self.assertLessEqual(set(statuses(texts)), {0, 431})
            self.assertGreater(statuses(texts)[431], COUNT)
            self.assert_bounded(before)
            close(crowds.values())

    def test_of_servers(self):
        self.begin()
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("headers of servers without end"):
            for kind, (_, _, status) in ANSWERS.items():
                crowd = self.crowd(build("GET", FLOOD + kind))
                texts, _ = replies([crowd], lambda texts, ended: all(texts.values()))
                tap.comment("%s %s" % (kind, statuses(texts)))
                self.assertEqual(set(statuses(texts)), {status}, kind)
                crowd.close()
            self.assert_bounded(before)


class TestBodies(FloodCase):
    def wait_for_more(self, bytes_):
        """Until the server has sent BYTES_ more."""
        until = self.sent + bytes_
        wait_until(lambda: self.sent >= until, "more of the body")

    def test_an_answer_without_end_to_programs_that_have_gone(self):
        self.begin()
        with self.recovers(), self.flood("answers without end, and nobody there"):
            crowd = self.crowd(build("GET", FLOOD + "body"))
            self.wait_for_more(MIB * COUNT)
            crowd.close()
            wait_until(lambda: self.in_flight() == 0, "the end of the calls")
            wait_until(lambda: len(self.server.peers) < COUNT / 2, "the end of their connections")

    def test_an_answer_without_end_to_programs_that_do_not_read(self):
        """It stops at the server."""
        self.begin()
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("answers without end, and nobody reads"):
            crowd = self.crowd(build("GET", FLOOD + "body"))
            self.wait_for_in_flight(COUNT)
            self.wait_for_standstill()
            self.assert_bounded(before)
            crowd.close()

    def test_an_answer_without_end_to_a_merged_call(self):
        """It is kept for all whose writes were merged: up to limits.max_response_bytes."""
        self.begin({"merge.mode": "always", "limits.max_response_bytes": MIB})
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("an answer without end to a merged call"):
            write = build("POST", TELEMETRY, [("Content-Type", "application/json")], b'{"a":1}')
            first = self.crowd(write, count=1)
            wait_until(lambda: self.seen(TELEMETRY) == 1, "the first call")
            others = self.crowd(write, count=COUNT - 1)
            texts, _ = replies([first, others], lambda texts, ended: all(texts.values()))
            self.assertEqual(statuses(texts), {200: 1, 502: COUNT - 1})
            self.assert_bounded(before)
            close([first, others])


class TestStreams(FloodCase):
    """Frames of a server without end, to programs that do not read."""

    def flood_websocket(self, peer):
        if self.subscribes:
            command = b""
            while b"keys" not in command:  # the first is the login
                command = read_frame(peer.file)
            number = int(re.search(rb'"cmdId": *(\d+)', command)[1])
            text = json.dumps({"subscriptionId": number, "errorCode": 0, "data": {"a": [[1, "x" * 10000]]}}).encode()
            more = frame(TEXT, text, masked=False)
        else:
            more = frame(BINARY, bytes(60000), masked=False) + frame(9, b"ping", masked=False) * 100
        while True:
            peer.send(more)
            self.sent += len(more)

    subscribes = False

    def test_websocket_messages(self):
        self.begin()
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("WebSocket messages without end, and nobody reads"):
            headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", KEY),
                       ("Sec-WebSocket-Version", "13")]
            crowd = self.crowd(build("GET", SOCKET, headers), count=32)
            wait_until(lambda: self.sent > 32 * MIB // 2, "the messages")
            self.wait_for_standstill()
            self.assert_bounded(before)
            crowd.close()

    def test_events(self):
        self.subscribes = True
        self.begin()
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("events without end, and nobody reads"):
            crowd = self.crowd(build("GET", "/-/subscribe/DEVICE/11111111-1111-1111-1111-111111111111?keys=a"))
            wait_until(lambda: self.sent > 64 * MIB, "the events")
            texts, _ = replies([crowd], lambda texts, ended: all(texts.values()))
            for text in texts.values():
                self.assertIn(b'data: {"ts":1,"values":{"a":"xxx', text)
            self.assert_bounded(before)
            crowd.close()


class FloodingHttp2(Http2Server):
    def __init__(self):
        super().__init__(None)
        self.floods = 0

    def serve_request(self, peer, stream, body):
        path = peer.headers[stream][":path"]
        kind = path[len(FLOOD):]
        if not path.startswith(FLOOD):
            super().serve_request(peer, stream, body)
        elif kind in RESETS:
            self.floods += 1
            peer.reset(stream, RESETS[kind])
        else:
            if kind in ("data", "continuation"):
                peer.send(HEADERS, 0 if kind == "continuation" else 4, stream, STATUS_200)
            more = b"".join(http2_frame(*FRAMES[kind](stream)) for _ in range(1000))
            while True:
                self.floods += 1000
                peer.sock.sendall(more)
        return True


class TestHttp2(FloodCase):
    """A flood ends its connection, and so what others have on it: only what tbproxyd answers by itself is asked meanwhile."""

    def test_frames_for_nothing(self):
        server = FloodingHttp2()
        self.addCleanup(server.stop)
        self.begin(server=server)
        before = self.proxy.memory_kib()
        with self.recovers(), self.flood("HTTP/2 frames without end", "/-/live"):
            for kind in ("cancel", *FRAMES):
                server.floods = 0
                crowd = self.crowd(build("GET", FLOOD + kind))
                texts, _ = replies([crowd], lambda texts, ended: all(texts.values()))
                tap.comment("%s: %s, %d frames" % (kind, statuses(texts), server.floods))
                self.assertEqual(set(statuses(texts)), {502}, kind)
                self.assertGreater(server.floods, 0, kind)
                crowd.close()
                # After three connections with a bad end, HTTP/1.1 is tried, once, which this server does not speak.
                wait_until(lambda: self.proxy.get(POLITE).status == 200, "an answer over HTTP/2")
            self.assert_bounded(before)

    def test_streams_that_are_refused_again_and_again(self):
        """A request is sent again after 5, 10, 20 ... 1,000 ms."""
        server = FloodingHttp2()
        self.addCleanup(server.stop)
        self.begin(server=server)
        with self.recovers(), self.flood("refused streams", "/-/live"):
            crowd = self.crowd(build("GET", FLOOD + "refused"))
            wait_until(lambda: server.floods >= 8 * COUNT, "the eighth time")
            self.assertLess(server.floods, 10 * COUNT)
            crowd.close()


class TestQueue(FloodCase):
    """Those who can wait are answered in the end; the others are told at once."""

    def test_too_many_requests(self):
        waiting_max = 600  # of one user; of all, a third more
        self.begin({"queue.max_requests": waiting_max, "queue.max_wait_ms": 120000})
        with self.recovers(), self.flood("too many requests wait"):
            crowds = [Crowd(self, uid, self.proxy, 800, data=build("GET", WAITING)) for uid in (ALICE, CAROL)]
            texts, _ = replies(crowds, lambda texts, ended: statuses(texts)[503] >= 1600 - waiting_max * 4 // 3 - 85)
            self.assertEqual(set(statuses(texts)), {0, 503})
            for text in texts.values():
                self.assertTrue(not text or b"queue.max_requests" in text, text)
            waiting = self.gauge("tbproxyd_queue_requests")
            tap.comment("%d wait, %s" % (waiting, statuses(texts)))
            self.server.release.set()
            replies(crowds, lambda texts, ended: statuses(texts)[200] >= waiting)
            close(crowds)

    def test_too_many_bytes(self):
        self.begin({"queue.max_bytes": 8 * MIB, "queue.max_wait_ms": 120000})
        with self.recovers(), self.flood("too many bytes wait"):
            crowd = Crowd(self, ALICE, self.proxy, 400, data=build("POST", WAITING, body=bytes(PIECE)))
            texts, _ = replies([crowd], lambda texts, ended: statuses(texts)[503] >= 400 - COUNT - 8 * MIB // PIECE)
            self.assertEqual(set(statuses(texts)), {0, 503})
            for text in texts.values():
                self.assertTrue(not text or b"queue.max_bytes" in text, text)
            waiting = self.gauge("tbproxyd_queue_requests")
            self.server.release.set()
            replies([crowd], lambda texts, ended: statuses(texts)[200] >= waiting)
            crowd.close()


if __name__ == "__main__":
    tap.main()
