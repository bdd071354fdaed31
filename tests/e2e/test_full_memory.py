# SPDX-License-Identifier: Apache-2.0
"""limits.max_buffered_bytes is used up: requests that the server has got are answered all the same."""
import fcntl
import struct
import termios
import threading

import tap
from harness import PATIENCE, Case, Closed, answer, build, wait_until

WINDOW = 256 << 10
ROOM = 100  # bytes that are left
LIMIT = 4 * 65536
RPC = b'{"method":"m","params":{}}'
SIZES = (0, ROOM - len(RPC), ROOM - len(RPC) + 1, 5000, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW + 7)


def body_of(length):
    block = bytes((i * 7 + i // 256) % 251 for i in range(65536 + 13))
    return (block * (length // len(block) + 1))[:length]


class TestFullMemory(Case):
    def setUp(self):
        self.reply = answer()
        self.go = threading.Event()
        self.go.set()
        self.addCleanup(self.go.set)

        def handle(peer, request):
            self.go.wait(PATIENCE)
            peer.send(self.reply)
            return b"Connection: close" not in self.reply
        self.server = self.start_scripted(handle)
        self.proxy = self.start_daemon(self.server, {"limits.max_kept_body_bytes": 65536, "limits.max_buffered_bytes": LIMIT})

    def connect(self, unix=False):
        connection = self.proxy.connect(unix)
        self.addCleanup(connection.close)
        return connection

    def fill(self):
        """Bodies that never arrive in full leave ROOM bytes."""
        for missing in (1, 1, 1, ROOM - 3):
            connection = self.connect(unix=True)
            connection.send(build("POST", "/api/stalled", [("Content-Length", 65536)], host=connection.host))
            connection.send(b"x" * (65536 - missing))
            wait_until(lambda: self.unread(connection) == 0, "the daemon to read")
        self.assertEqual(self.proxy.post("/api/x", b"x" * (ROOM + 1)).status, 503)
        self.assertEqual(self.proxy.post("/api/x", b"x" * ROOM).status, 200)
        self.server.requests.clear()

    @staticmethod
    def unread(connection):
        """The kernel's memory for bytes that the other side of a Unix socket has not read."""
        return struct.unpack("i", fcntl.ioctl(connection.sock, termios.TIOCOUTQ, b"\0" * 4))[0]

    def test_a_call_that_was_executed_gets_its_answer(self):
        self.fill()
        for length in SIZES:
            for unix in (False, True):
                self.reply = answer(body=body_of(length))
                got = self.proxy.call("POST", "/api/rpc/twoway/1", body=RPC, unix=unix)
                self.assertEqual((got.status, len(got.body)), (200, length), got)
                self.assertTrue(got.body == body_of(length))
        self.assertEqual(len(self.server.requests), 2 * len(SIZES))
        self.assertEqual(self.proxy.post("/api/x", b"x" * (ROOM + 1)).status, 503)  # still

    def test_so_does_one_that_was_refused(self):
        self.fill()
        for status in (400, 401, 403, 404, 409, 429, 500, 502, 503, 504):
            for length in (ROOM, WINDOW, WINDOW + 1, 3 * WINDOW):
                self.reply = answer(status, body_of(length), [("X-Mark", "of the server")])
                got = self.proxy.post("/api/rpc/twoway/1", RPC)
                self.assertEqual((got.status, len(got.body), got.header("X-Mark")), (status, length, "of the server"))
                self.assertTrue(got.body == body_of(length))

    def test_an_answer_of_unknown_length_passes(self):
        self.fill()
        for status in (200, 500):
            self.reply = b"HTTP/1.1 %d \r\nConnection: close\r\n\r\n" % status + body_of(2 * WINDOW)
            got = self.proxy.post("/api/rpc/twoway/1", RPC)
            self.assertEqual((got.status, len(got.body)), (status, 2 * WINDOW))

    def test_joined_reads_get_an_answer_each(self):
        self.fill()
        self.reply = answer(body=body_of(2 * WINDOW))
        self.go.clear()
        connections = [self.connect(index == 1) for index in range(3)]
        for index, connection in enumerate(connections):
            connection.send(build("GET", "/api/device/types", host=connection.host))
            if index == 0:
                wait_until(lambda: self.server.requests, "the first of them")
        wait_until(lambda: b'tbproxyd_calls_saved_total{by="join"} 2' in self.proxy.get("/-/metrics").body, "the joining")
        self.go.set()
        for connection in connections:
            got = connection.response()
            self.assertEqual((got.status, len(got.body)), (200, 2 * WINDOW))
        self.assertEqual(len(self.server.requests), 3)

    def test_an_answer_that_breaks_off_has_no_good_end(self):
        self.fill()
        for status in (200, 500):
            self.reply = b"HTTP/1.1 %d \r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, 3 * WINDOW)
            self.reply += body_of(2 * WINDOW)
            with self.assertRaises(Closed):
                self.proxy.post("/api/rpc/twoway/1", RPC)
        self.assertEqual(len(self.server.requests), 2)

    def test_an_answer_that_comes_before_the_end_of_the_body_waits_for_it(self):
        stored = []

        def handle(peer, request):
            length = int(request.header("Content-Length"))
            peer.send(b"HTTP/1.1 100 \r\n\r\n")
            first = peer.file.read(1024)
            sender = threading.Thread(target=peer.send, args=(answer(body=body_of(4 * WINDOW)),))
            sender.start()
            stored.append(first + peer.file.read(length - len(first)))
            sender.join()
            return True
        self.server.handle, self.server.reads_bodies = handle, False
        for unix in (False, True):
            got = self.proxy.call("POST", "/api/upload", body=body_of(8 * WINDOW), unix=unix)
            self.assertEqual((got.status, len(got.body)), (200, 4 * WINDOW), got)
            self.assertTrue(got.body == body_of(4 * WINDOW))
            wait_until(lambda: stored, "the end of the body")
            self.assertTrue(stored.pop() == body_of(8 * WINDOW))

    def test_an_upload_without_room_for_its_window_is_not_begun(self):
        self.fill()
        for body in (body_of(65536 + 1), [body_of(50000), body_of(50000)]):
            self.assert_error(self.proxy.post("/api/upload", body), 503, 2, "limits.max_buffered_bytes")
        self.assertEqual(self.server.requests, [])

    def test_who_does_not_read_holds_up_the_server_only(self):
        ended = threading.Event()

        def handle(peer, request):
            try:
                peer.send(b"HTTP/1.1 500 \r\nContent-Length: %d\r\n\r\n" % (1 << 40))
                while True:
                    peer.send(body_of(65536))
            finally:
                ended.set()
        self.fill()
        self.server.handle = handle
        connection = self.connect()
        connection.send(build("POST", "/api/rpc/twoway/1", body=RPC, host=connection.host))
        self.assertEqual(connection.head().status, 500)
        connection.take(8 << 20)  # until all lasting memory is allocated, also that of a sanitizer
        before = self.proxy.memory_kib()
        self.assertEqual(len(connection.take(32 << 20)), 32 << 20)
        self.assertLess(self.proxy.memory_kib() - before, 8192)
        connection.reset()
        self.assertTrue(ended.wait(PATIENCE))
        self.assert_serves(self.proxy)


if __name__ == "__main__":
    tap.main()
