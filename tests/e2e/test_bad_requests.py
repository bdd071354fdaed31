# SPDX-License-Identifier: Apache-2.0
"""Requests that are no HTTP, or that two programs could read differently: refused, and never sent on."""
import os
import random

import tap
from harness import PATIENCE, SLOW, Case, Closed, build, in_parallel

HOST = b"Host: localhost\r\n"
USER = b"GET /api/auth/user HTTP/1.1\r\n"


class BadCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon()

    def setUp(self):
        self.sim.forget()

    def tearDown(self):
        self.assert_serves(self.proxy)

    def outcome(self, data, connection=None):
        """The status of the answer, or None where the connection was closed without one."""
        with connection or self.proxy.connect(unix=True) as peer:
            try:
                peer.send(data)
                return peer.response().status
            except (Closed, BrokenPipeError, ConnectionResetError):
                return None

    def assert_refused(self, data, *statuses):
        """Answered with 400, or STATUSES, over both listeners, and not sent to the server."""
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

    def test_the_http_2_preface_is_refused(self):
        self.assert_refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 405, 505, None)

    def test_a_header_without_a_colon_is_refused(self):
        self.assert_refused(USER + HOST + b"NoColonHere\r\n\r\n")

    def test_a_space_before_the_colon_is_refused(self):
        for header in (b"Accept : a/b\r\n", b"Content-Length : 5\r\n", b"Transfer-Encoding\t: chunked\r\n",
                       b" Accept: a/b\r\n"):
            self.assert_refused(b"POST /api/device HTTP/1.1\r\n" + HOST + header + b"\r\nhello")

    def headers_that_passed(self, header):
        """What reaches the server of a request with HEADER; empty where the request is refused."""
        if self.outcome(USER + HOST + header + b"\r\n\r\n") == 400:
            return []
        return [header for header in self.sim.requests()[-1]["headers"] if header[0] not in ("Host", "X-Authorization")]

    def test_a_header_without_a_name_does_not_pass(self):
        self.assertEqual(self.headers_that_passed(b": value"), [])

    def test_a_folded_header_is_refused_or_unfolded(self):
        for fold in (b" ", b"\t"):
            status = self.outcome(USER + HOST + b"Accept: */*,\r\n" + fold + b"c/d\r\n\r\n")
            if status != 400:
                seen = [(name, value.split()) for name, value in self.sim.requests()[-1]["headers"]
                        if name.lower().startswith("acc")]
                self.assertEqual((status, seen), (200, [("Accept", ["*/*,", "c/d"])]))

    def test_a_fold_without_a_header_before_it_is_refused(self):
        for fold in (b" ", b"\t"):
            self.assert_refused(USER + fold + HOST + b"\r\n")

    def test_control_bytes_in_a_header_are_refused(self):
        for byte in (b"\x01", b"\x02", b"\x0b", b"\x1f", b"\x7f", b"\r"):
            self.assert_refused(USER + HOST + b"Accept: a" + byte + b"b\r\n\r\n")

    def test_nul_ends_the_value_of_a_header(self):
        self.assertIn(self.headers_that_passed(b"Accept: */*\0b"), ([], [["Accept", "*/*"]]))

    def test_nul_in_the_name_of_a_header_is_refused(self):
        self.assert_refused(USER + HOST + b"Acc\0ept: */*\r\n\r\n")

    def test_a_huge_header_is_refused(self):
        for header in (b"Accept: " + b"a" * 100000, b"a" * 100000 + b": b",
                       b"\r\n".join(b"X-%d: y" % i for i in range(20000))):
            self.assert_refused(USER + HOST + header + b"\r\n\r\n", 400, 431, None)

    def test_a_huge_header_is_answered_and_not_only_cut_off(self):
        for size in (33000, 100000):
            with self.proxy.connect() as peer:
                peer.send(b"GET /api/auth/user HTTP/1.1\r\nHost: " + peer.host.encode() + b"\r\nAccept: " + b"a" * size)
                self.assertIn(peer.response().status, (400, 431))


class TestBodyLength(BadCase):
    """What makes one request look like two, or two like one."""

    def post(self, headers, body=b"hello"):
        return b"POST /api/device HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body

    def test_both_length_headers_are_refused(self):
        chunked = b"5\r\nhello\r\n0\r\n\r\n"
        self.assert_refused(self.post(b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n", chunked))
        self.assert_refused(self.post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked))

    def test_two_lengths_are_refused(self):
        for second in (b"5", b"6"):
            self.assert_refused(self.post(b"Content-Length: 5\r\nContent-Length: " + second + b"\r\n"))
        self.assert_refused(self.post(b"Content-Length: 5, 5\r\n"))

    def test_a_length_that_is_no_number_is_refused(self):
        for length in (b"", b"-1", b"+5", b"0x5", b"5a", b"1e3", b"5 5", b"99999999999999999999999", b"5.0", b"5;"):
            self.assert_refused(self.post(b"Content-Length: " + length + b"\r\n"), 400, 413)

    def test_a_length_too_large_is_refused_at_once(self):
        for length in (b"1073741825", b"4294967296", b"9223372036854775807"):
            self.assert_refused(self.post(b"Content-Length: " + length + b"\r\n"), 413)

    def test_other_transfer_encodings_are_refused(self):
        chunked = b"5\r\nhello\r\n0\r\n\r\n"
        for coding in (b"gzip", b"gzip, chunked", b"chunked, gzip", b"identity", b"xchunked", b"chunked, chunked", b"",
                       b"\"chunked\"", b"chunked;a=b"):
            self.assert_refused(self.post(b"Transfer-Encoding: " + coding + b"\r\n", chunked), 400, 501)
        self.assert_refused(self.post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunked))

    def test_a_broken_chunk_is_refused(self):
        for body in (b"x\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
                     b"5\r\nhelloworld\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
                     b"\r\n\r\n", b" 5\r\nhello", b"5" * 200 + b"\r\n"):
            self.assert_refused(self.post(b"Transfer-Encoding: chunked\r\n", body), 400, 413, None)

    def test_a_refused_request_is_the_last_of_its_connection(self):
        """What stands after it must not be taken for another request."""
        smuggled = b"DELETE /api/device/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
        for head in (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                     b"Content-Length: 5\r\nContent-Length: 99\r\n", b"Transfer-Encoding: gzip\r\n",
                     b"Content-Length: x\r\n", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
            for unix in (False, True):
                with self.proxy.connect(unix, timeout=PATIENCE / 4) as peer:
                    peer.send((self.post(head, b"") + smuggled).replace(HOST, b"Host: %s\r\n" % peer.host.encode()))
                    peer.sock.shutdown(1)
                    peer.rest()
        self.assertNotIn("/api/device/smuggled", [entry["target"] for entry in self.sim.requests()])


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


del BadCase  # holds no test of its own

if __name__ == "__main__":
    tap.main()
