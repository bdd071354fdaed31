# SPDX-License-Identifier: Apache-2.0
"""Connections of local programs: kept, pipelined, closed; HTTP/1.0; many at a time."""
import contextlib
import socket
import threading

import tap
from harness import PATIENCE, SLOW, Case, Closed, Connection, answer, build, wait_until
from scripted import echo


class TestManyConnections(Case):
    def test_beyond_the_limit_the_one_that_was_idle_longest_gives_way(self):
        """Over both addresses and the Unix socket together."""
        proxy = self.start_daemon(self.start_scripted(echo), {"listen.max_connections": 4})
        addresses = [proxy.address, ("::1", proxy.port), proxy.unix_path, proxy.address]
        with contextlib.ExitStack() as stack:
            kept = [stack.enter_context(Connection(address, PATIENCE)) for address in addresses]
            for connection in kept:
                self.assertEqual(connection.request("GET", "/api/x").status, 200)
            newcomer = stack.enter_context(proxy.connect())
            self.assertEqual(newcomer.request("GET", "/api/x").status, 200)
            self.assertEqual(kept[0].rest(), b"")
            for connection in (*kept[1:], newcomer):
                self.assertEqual(connection.request("GET", "/api/x").status, 200)

    def test_beyond_the_limit_with_requests_everywhere_it_is_refused(self):
        server = self.start_scripted(lambda peer, request: server.release.wait(PATIENCE) and
                                     peer.send(answer(body=b"late")) is None)
        proxy = self.start_daemon(server, {"listen.max_connections": 4})
        with contextlib.ExitStack() as stack:
            kept = [stack.enter_context(proxy.connect(unix)) for unix in (False, True, False, True)]
            for index, connection in enumerate(kept):
                connection.send(build("GET", "/api/%d" % index, host=connection.host))
            wait_until(lambda: len(server.requests) == 4, "the requests")
            with proxy.connect() as refused:
                reply = refused.response()
                self.assert_error(reply, 503, 2, "listen.max_connections")
                self.assertEqual(reply.header("Retry-After"), "1")
                self.assertEqual(refused.rest(), b"")
            server.release.set()
            for connection in kept:
                self.assertEqual(connection.response().status, 200)
            self.assertIn('\ntbproxyd_refusals_total{reason="connections"} 1\n', proxy.get("/-/metrics").body.decode())

    def test_300_idle_connections_leave_the_daemon_responsive(self):
        proxy = self.start_daemon(self.start_scripted(echo))
        idle = [proxy.connect() for _ in range(300)]
        try:
            for connection in idle:
                self.assertEqual(connection.request("GET", "/-/live").status, 200)
            self.assertEqual(proxy.get("/api/x").status, 200)
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
            self.assertEqual(idle.rest(), b"")  # closed after its idle time, so the other one has waited as long
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
