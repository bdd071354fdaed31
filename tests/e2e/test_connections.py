# SPDX-License-Identifier: Apache-2.0
"""Connections of local programs: kept, pipelined, closed; HTTP/1.0; many at a time."""
import socket
import threading

import tap
from harness import PATIENCE, SLOW, Case, Closed, Connection, answer, build, in_parallel
from scripted import echo


class TestConnections(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon()

    def test_a_connection_is_kept_for_many_requests(self):
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                for _ in range(250):  # more than the server takes on one of its own
                    self.assertEqual(connection.request("GET", "/api/auth/user").status, 200)

    def test_pipelined_requests_are_answered_in_order(self):
        count = 50
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                connection.send(b"".join(build("GET", "/api/no/%d" % i, host=connection.host) for i in range(count)))
                for i in range(count):
                    reply = connection.response()
                    self.assertEqual(reply.json()["message"], "No static resource api/no/%d." % i)

    def test_pipelined_requests_with_bodies_keep_their_borders(self):
        requests = []
        with self.proxy.connect() as connection:
            for i in range(10):
                requests.append(build("POST", "/api/device", body={"name": "pipelined %d" % i, "type": "default"},
                                      host=connection.host))
                requests.append(build("GET", "/-/live", host=connection.host))
            connection.send(b"".join(requests))
            for i in range(10):
                self.assertEqual(connection.response().json()["name"], "pipelined %d" % i)
                self.assertEqual(connection.response().json(), {"live": True})

    def test_connection_close_is_honoured(self):
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                reply = connection.request("GET", "/api/auth/user", [("Connection", "close")])
                self.assertEqual(reply.status, 200)
                self.assertEqual(reply.header("Connection").lower(), "close")
                self.assertEqual(connection.rest(), b"")

    def test_the_servers_connection_close_does_not_close_the_programs_connection(self):
        with self.proxy.connect() as connection:
            for _ in range(3):
                reply = connection.request("GET", "/api/tenant/devices")  # 500: the server closes
                self.assertEqual(reply.status, 500)
                self.assertNotEqual((reply.header("Connection") or "").lower(), "close")

    def test_http_1_0_without_host_is_served_and_closed(self):
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                reply = connection.request("GET", "/api/auth/user", version="HTTP/1.0", host=None)
                self.assertEqual(reply.status, 200)
                self.assertIsNone(reply.header("Transfer-Encoding"))
                self.assertEqual(reply.json()["authority"], "TENANT_ADMIN")
                self.assertEqual(connection.rest(), b"")

    def test_http_1_0_with_a_body_is_served(self):
        with self.proxy.connect() as connection:
            reply = connection.request("POST", "/api/device", body={"name": "old", "type": "default"},
                                       version="HTTP/1.0", host=None)
            self.assertEqual((reply.status, reply.json()["name"]), (200, "old"))

    def test_http_1_1_without_host_is_refused(self):
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                self.assertEqual(connection.request("GET", "/api/auth/user", host=None).status, 400)
        self.assert_serves(self.proxy)

    def test_both_listeners_serve_at_once(self):
        def work(index):
            with self.proxy.connect(index % 2 == 1) as connection:
                return [connection.request("GET", "/api/auth/user").status for _ in range(25)]
        self.assertEqual(in_parallel(8, work), [[200] * 25] * 8)

    def test_a_client_that_closes_its_sending_half_gets_its_answer(self):
        for unix in (False, True):
            with self.proxy.connect(unix) as connection:
                connection.send(build("GET", "/api/auth/user", host=connection.host))
                connection.sock.shutdown(socket.SHUT_WR)
                self.assertEqual(connection.response().status, 200)


class TestManyConnections(Case):
    def test_connections_beyond_the_limit_wait_and_are_served_later(self):
        server = self.start_scripted(echo)
        proxy = self.start_daemon(server, {"listen.max_connections": 4})
        kept = [proxy.connect() for _ in range(4)]
        try:
            for connection in kept:
                self.assertEqual(connection.request("GET", "/api/x").status, 200)
            # Another client opens a connection and sends, but is not among the four.
            with proxy.connect(timeout=PATIENCE) as waiting:
                waiting.send(build("GET", "/api/waited", host=waiting.host))
                for connection in kept:
                    self.assertEqual(connection.request("GET", "/api/x").status, 200)
                self.assertNotIn("/api/waited", [request.target for request in server.requests])
                kept.pop().close()
                self.assertEqual(waiting.response().status, 200)
        finally:
            for connection in kept:
                connection.close()

    def test_the_unix_socket_has_a_limit_of_its_own(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.max_connections": 1})
        with proxy.connect() as tcp, proxy.connect(unix=True) as unix:
            for connection in (tcp, unix, tcp):
                self.assertEqual(connection.request("GET", "/api/x").status, 200)

    def test_300_idle_connections_leave_the_daemon_responsive(self):
        proxy = self.start_daemon(self.start_scripted(echo))
        before = proxy.memory_kib()
        idle = [proxy.connect() for _ in range(300)]
        try:
            for connection in idle:
                self.assertEqual(connection.request("GET", "/-/live").status, 200)
            self.assertEqual(proxy.get("/api/x").status, 200)
            if not SLOW:  # about 15 KiB each (DESIGN: 4096 under 60 MiB)
                self.assertLess(proxy.memory_kib() - before, 300 * 60)
        finally:
            for connection in idle:
                connection.close()

    def test_an_idle_connection_is_closed_in_time(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.idle_timeout_s": 1})
        with proxy.connect(timeout=PATIENCE) as connection:
            self.assertEqual(connection.request("GET", "/-/live").status, 200)
            self.assertEqual(connection.rest(), b"")

    def test_a_request_that_waits_for_the_server_is_not_idle(self):
        go = threading.Event()

        def handle(peer, request):
            if request.target == "/api/slow":
                go.wait(PATIENCE)
            peer.send(answer(body=b"late"))
            return True
        proxy = self.start_daemon(self.start_scripted(handle), {"listen.idle_timeout_s": 1})
        with proxy.connect() as slow, proxy.connect(timeout=PATIENCE) as idle:
            slow.send(build("GET", "/api/slow", host=slow.host))
            self.assertEqual(idle.request("GET", "/-/live").status, 200)
            self.assertEqual(idle.rest(), b"")  # closed after its idle time: so the other one has waited as long
            go.set()
            self.assertEqual(slow.response().body, b"late")

    def test_a_header_that_does_not_end_is_cut_off_in_time(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.idle_timeout_s": 1})
        with proxy.connect(timeout=PATIENCE) as connection:
            connection.send(b"GET /api/x HTTP/1.1\r\nHost: loc")
            try:
                self.assertEqual(connection.response().status, 408)
            except Closed:
                pass
        self.assert_serves(proxy)


class TestUnixOnly(Case):
    def test_without_an_address_only_the_unix_socket_is_there(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.address": ""})
        self.assertEqual(proxy.get("/api/x", unix=True).status, 200)
        self.assertEqual(proxy.log.find("http://127.0.0.1:0|listening on http"), [])

    def test_without_a_path_only_tcp_is_there(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.unix_path": ""})
        self.assertEqual(proxy.get("/api/x").status, 200)
        self.assertRaises(OSError, Connection, proxy.unix_path)

    def test_ipv6_loopback_is_served(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.address": "::1"})
        with socket.create_connection(("::1", proxy.port)) as sock:
            sock.sendall(b"GET /-/live HTTP/1.0\r\nHost: [::1]:%d\r\n\r\n" % proxy.port)
            self.assertIn(b" 200 ", sock.recv(100))


if __name__ == "__main__":
    tap.main()
