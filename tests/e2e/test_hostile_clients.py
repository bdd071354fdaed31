# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, go away, or ask for too much: the others are served all the same."""
import threading
import time

import tap
from harness import PATIENCE, SLOW, Case, Closed, SharedCase, build, in_parallel, wait_until

USER = "/api/auth/user"
MIB = 1 << 20


class TestHostileClients(SharedCase):
    def setUp(self):
        self.sim.clear_faults()
        self.sim.forget()

    def tearDown(self):
        self.assertEqual(self.proxy.get(USER).status, 200)

    def test_a_request_that_comes_byte_by_byte_is_served(self):
        for unix in (False, True):
            with self.proxy.connect(unix) as slow:
                body = {"name": "slow %d" % unix, "type": "default"}
                for byte in build("POST", "/api/device", body=body, host=slow.host):
                    slow.send(bytes([byte]))
                self.assertEqual(slow.response().json()["name"], body["name"])

    def test_a_chunked_body_that_comes_byte_by_byte_is_served(self):
        body = [b'{"name":"slow chunks",', b'"type":"default"}']
        with self.proxy.connect() as slow:
            for byte in build("POST", "/api/device", [("Content-Type", "application/json")], body, host=slow.host):
                slow.send(bytes([byte]))
            self.assertEqual(slow.response().json()["name"], "slow chunks")

    def test_100_slow_clients_do_not_hold_up_a_fast_one(self):
        slow = [self.proxy.connect() for _ in range(100)]
        try:
            for index, connection in enumerate(slow):
                connection.send(build("GET", USER, host=connection.host)[:10 + index])
            began = time.monotonic()
            for _ in range(50):
                self.assertEqual(self.proxy.get(USER).status, 200)
            self.assertLess(time.monotonic() - began, PATIENCE)
            for index, connection in enumerate(slow):
                connection.send(build("GET", USER, host=connection.host)[10 + index:])
                self.assertIn(connection.response().status, (200,))
        finally:
            for connection in slow:
                connection.close()

    def test_clients_that_hang_up_while_their_body_uploads_leave_nothing_behind(self):
        def work(index):
            for unix in (False, True):
                for end in ("close", "reset"):
                    gone = self.proxy.connect(unix)
                    gone.send(build("POST", "/api/device", [("Content-Length", 8 * MIB)], host=gone.host) + b"x" * MIB)
                    getattr(gone, end)()
        work(0)
        wait_until(lambda: self.proxy.get(USER).status == 200, "an answer")
        before = self.proxy.memory_kib()
        in_parallel(4, work)
        if not SLOW:
            wait_until(lambda: self.proxy.memory_kib() < before + 4096, "the return of the memory")
        self.assertEqual(self.sim.requests("/api/device"), [])

    def test_a_body_is_sent_on_only_when_it_is_complete(self):
        with self.proxy.connect() as half:
            half.send(build("POST", "/api/device", [("Content-Length", "100")], host=half.host) + b'{"name":')
            half.sock.shutdown(1)
            try:
                self.assertEqual(half.response().status, 400)
            except Closed:
                pass
        self.assertEqual(self.sim.requests("/api/device"), [])

    def test_clients_that_hang_up_while_they_wait_do_not_harm_the_others(self):
        self.sim.fault("delay", "/api/device/types", ms=300, count=0)

        def work(index):
            gone = self.proxy.connect(index % 2 == 0)
            gone.send(build("GET", "/api/device/types", host=gone.host))
            (gone.close if index % 4 < 2 else gone.reset)()
        in_parallel(40, work)
        with self.proxy.connect() as kept:
            for _ in range(100):
                self.assertEqual(kept.request("GET", USER).status, 200)

    def test_clients_that_never_read_leave_the_daemon_responsive(self):
        deaf = [self.proxy.connect(timeout=5) for _ in range(10)]
        try:
            for connection in deaf:
                connection.sock.setblocking(False)
                request = build("GET", USER, host=connection.host) * 100
                try:
                    for _ in range(200):
                        connection.sock.send(request)
                except BlockingIOError:
                    pass
            for _ in range(20):
                self.assertEqual(self.proxy.get(USER).status, 200)
        finally:
            for connection in deaf:
                connection.close()

    def test_connections_that_send_nothing_are_harmless(self):
        for unix in (False, True):
            silent = [self.proxy.connect(unix) for _ in range(200)]
            self.assertEqual(self.proxy.get(USER).status, 200)
            for index, connection in enumerate(silent):
                (connection.close if index % 2 else connection.reset)()

    def test_500_connections_at_once_all_get_their_answer(self):
        start = threading.Barrier(50)

        def work(index):
            start.wait()
            return [self.proxy.get(USER, unix=index % 2 == 0).status for _ in range(10)]
        self.assertEqual(in_parallel(50, work), [[200] * 10] * 50)


class TestConnectionsOfThoseThatAreGone(Case):
    """They are closed at once, not after their idle time: the next clients need their places."""

    def test_clients_that_leave_before_their_answer_free_their_places(self):
        self.check(lambda connection: build("GET", USER, host=connection.host))

    def test_clients_that_leave_within_a_header_free_their_places(self):
        self.check(lambda connection: b"GET %s HTTP/1.1\r\nHost: " % USER.encode())

    def test_clients_that_leave_within_a_body_free_their_places(self):
        self.check(lambda connection: build("POST", "/api/device", [("Content-Length", 100000)],
                                            host=connection.host) + b"x" * 50000)

    def check(self, make_request):
        places = 10
        proxy = self.start_daemon(self.start_simulator(), {"listen.max_connections": places})
        for unix in (False, True):
            for _ in range(20 * places):
                with proxy.connect(unix) as gone:
                    gone.send(make_request(gone))
            self.assertEqual(proxy.get(USER, unix=unix, timeout=PATIENCE).status, 200)


if __name__ == "__main__":
    tap.main()
