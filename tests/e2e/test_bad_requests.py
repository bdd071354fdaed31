# SPDX-License-Identifier: Apache-2.0
"""Requests that are not HTTP, or that two programs could read differently: refused, and never forwarded."""
import os
import random

import tap
from harness import PATIENCE, SLOW, Closed, SharedCase, build, in_parallel

HOST = b"Host: localhost\r\n"
USER = b"GET /api/auth/user HTTP/1.1\r\n"


class BadCase(SharedCase):
    def setUp(self):
        self.sim.forget()

    def tearDown(self):
        self.assert_serves(self.proxy)

    def outcome(self, data, connection=None):
        """The status of the response, or None if the connection was closed without one."""
        with connection or self.proxy.connect(unix=True) as peer:
            try:
                peer.send(data)
                return peer.response().status
            except (Closed, BrokenPipeError, ConnectionResetError):
                return None

    def assert_refused(self, data, *statuses):
        """Checks that it is answered 400, or one of STATUSES, on both listeners, and not sent to the server."""
        for unix in (False, True):
            with self.subTest(data=data[:70], unix=unix), self.proxy.connect(unix, timeout=PATIENCE / 4) as peer:
                sent = data.replace(HOST, b"Host: %s\r\n" % peer.host.encode())
                self.assertIn(self.outcome(sent, peer), statuses or (400,))
        self.assertEqual([entry["target"] for entry in self.sim.requests()], [])


class TestMalformed(BadCase):
    def test_a_request_line_that_is_none_is_refused(self):
        for line in (b"GET\r\n", b"GET /api/x\r\n", b"GET /api/a b HTTP/1.1\r\n", b"\r\nGET\r\n",
                     b"GET /api/x HTTP/2.0\r\n", b"GET /api/x HTTP/1.1x\r\n", b"GET /api/x HTTP/one\r\n",
                     b"G\x01T /api/x HTTP/1.1\r\n", b" GET /api/x HTTP/1.1\r\n", b"GET /api/x FTP/1.1\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", b"/api/x GET HTTP/1.1\r\n"):
            self.assert_refused(line + HOST + b"\r\n", 400, 405, 505, None)

    def test_a_header_without_a_colon_is_refused(self):
        self.assert_refused(USER + HOST + b"NoColonHere\r\n\r\n")

    def test_a_huge_header_is_refused(self):
        for header in (b"Accept: " + b"a" * 100000, b"a" * 100000 + b": b",
                       b"\r\n".join(b"X-%d: y" % i for i in range(20000))):
            self.assert_refused(USER + HOST + header + b"\r\n\r\n", 400, 431, None)

    def test_a_huge_header_is_answered_and_not_only_cut_off(self):
        for size in (33000, 100000):
            with self.proxy.connect() as peer:
                peer.send(b"GET /api/auth/user HTTP/1.1\r\nHost: " + peer.host.encode() + b"\r\nAccept: " + b"a" * size)
                self.assertIn(peer.response().status, (400, 431))


class TestNoise(BadCase):
    def test_random_bytes_do_not_harm_it(self):
        seed = int(os.environ.get("TB_SEED", random.SystemRandom().randrange(1 << 32)))
        print("# TB_SEED=%d" % seed)
        before = self.proxy.memory_kib()

        def work(index):
            noise = random.Random(seed + index)
            for _ in range(125):
                data = noise.randbytes(noise.randrange(1, 3000))
                if noise.random() < 0.5:
                    data = noise.choice([b"GET /", b"POST /api/x HTTP/1.1\r\n", b"GET /api/x HTTP/1.1\r\nHost:"]) + data
                with self.proxy.connect(noise.random() < 0.5, timeout=PATIENCE / 2) as peer:
                    try:
                        peer.send(data)
                        peer.sock.shutdown(1)
                        peer.rest()
                    except (BrokenPipeError, ConnectionResetError):
                        pass
        in_parallel(4, work)
        if not SLOW:
            self.assertLess(self.proxy.memory_kib(), before + 8192)

    def test_damaged_requests_do_not_harm_it(self):
        seed = int(os.environ.get("TB_SEED", random.SystemRandom().randrange(1 << 32)))
        print("# TB_SEED=%d" % seed)
        noise = random.Random(seed)
        good = build("POST", "/api/device?a=b", [("Accept", "a/b"), ("X-Mobile-Token", "c")], [b"hello", b"world" * 20])
        for _ in range(300):
            data = bytearray(good)
            for _ in range(noise.randrange(1, 4)):
                data[noise.randrange(len(data))] = noise.randrange(256)
            with self.proxy.connect(unix=True, timeout=PATIENCE / 2) as peer:
                peer.send(bytes(data))
                peer.sock.shutdown(1)
                peer.rest()


del BadCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
