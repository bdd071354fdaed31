# SPDX-License-Identifier: Apache-2.0
"""A server that is away, dies, hangs, or sends nonsense: 502 or 504 in the shape of ThingsBoard's errors."""
import json
import threading
import time

import tap
from harness import PATIENCE, Case, ScriptedServer, SharedCase, answer, build, in_parallel, wait_until

USER = "/api/auth/user"


class TestFaults(SharedCase):
    def setUp(self):
        self.sim.clear_faults()

    def assert_502(self, method="GET", target=USER, body=None, token=None):
        for unix in (False, True):
            reply = self.proxy.call(method, target, body=body, unix=unix)
            self.assert_error(reply, 502, 2, "no answer from the server")
            self.assertIn("tbproxyd; error=" + (token or ""), reply.header("Proxy-Status"))
        self.assert_serves(self.proxy)

    def test_a_reset_is_502(self):
        self.sim.fault("reset", USER, count=0)
        self.assert_502(token="connection_terminated")

    def test_a_close_without_an_answer_is_502(self):
        self.sim.fault("close", USER, count=0)
        self.assert_502(token="connection_terminated")

    def test_half_a_body_is_502(self):
        self.sim.fault("half", USER, count=0)
        self.assert_502()

    def test_an_error_of_the_server_is_the_servers(self):
        for status in (500, 503):
            self.sim.fault("status", USER, status=status)
            reply = self.proxy.get(USER)
            self.assert_error(reply, status, 2)
            self.assertIsNone(reply.header("Proxy-Status"))

    def test_faults_of_a_post_with_a_body_are_502_too(self):
        for kind in ("reset", "close"):
            self.sim.clear_faults()
            self.sim.fault(kind, "/api/device", count=0)
            self.assert_502("POST", "/api/device", {"name": "x", "type": "default"})

    def test_after_faults_all_is_well(self):
        for kind in ("reset", "close", "half"):
            self.sim.fault(kind, USER, count=3)
            for _ in range(3):
                self.proxy.get(USER)
        self.sim.clear_faults()
        for _ in range(20):
            self.assertEqual(self.proxy.get(USER).status, 200)

    def test_a_slow_server_is_waited_for(self):
        self.sim.fault("delay", USER, ms=1500)
        self.assertEqual(self.proxy.get(USER).status, 200)


class TestNoAnswer(Case):
    def test_no_answer_in_time_is_504(self):
        server = self.start_scripted(lambda peer, request: server.release.wait(PATIENCE) and False)
        proxy = self.start_daemon(server, {"upstream.timeout_ms": 300})
        for unix in (False, True):
            began = time.monotonic()
            reply = proxy.get("/api/x", unix=unix)
            self.assertGreaterEqual(time.monotonic() - began, 0.25)  # the loop's time is that of the beginning of its turn
            self.assert_error(reply, 504, 2, "did not answer in time")
            self.assertIn("http_response_timeout", reply.header("Proxy-Status"))

    def test_an_answer_that_does_not_end_in_time_is_504(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: 100\r\n\r\nabc")
            server.release.wait(PATIENCE)
            return False
        server = self.start_scripted(handle)
        self.assert_error(self.start_daemon(server, {"upstream.timeout_ms": 300}).get("/api/x"), 504, 2)

    def test_the_timeout_can_be_changed_while_running(self):
        server = self.start_scripted(lambda peer, request: server.release.wait(PATIENCE) and False)
        proxy = self.start_daemon(server, {"upstream.timeout_ms": 60000})
        proxy.options["upstream.timeout_ms"] = 200
        proxy.write_config()
        proxy.signal(1)
        proxy.log.wait("upstream.timeout_ms has changed and is in effect")
        self.assertEqual(proxy.get("/api/x").status, 504)


class TestNonsense(Case):
    def assert_answers(self, cases, *statuses):
        """CASES: the bytes that the server sends before it closes."""
        for sent in cases:
            with self.subTest(sent=sent[:60]):
                def handle(peer, request, sent=sent):
                    peer.send(sent)
                    return False
                self.server.handle = handle
                for _ in range(2):
                    reply = self.proxy.get("/api/x")
                    self.assert_error(reply, reply.status, 2)
                    self.assertIn(reply.status, statuses)
        self.assert_serves(self.proxy)

    def setUp(self):
        self.server = self.start_scripted(None)
        self.proxy = self.start_daemon(self.server)

    def test_what_is_no_http_is_502(self):
        self.assert_answers([b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02" * 100, b"HTTP/9.9 200 \r\n\r\n", b"\r\n\r\n",
                             b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 abc \r\n\r\n", b"<html>hello</html>", b"x",
                             b"\xff" * 70000], 502)

    def test_a_broken_header_or_chunk_is_502(self):
        self.assert_answers([b"HTTP/1.1 200 \r\nContent-Le", b"HTTP/1.1 200 \r\nContent-Length: -5\r\n\r\n",
                             b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
                             b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
                             b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nabc"], 502)

    def test_a_huge_header_is_502(self):
        self.assert_answers([b"HTTP/1.1 200 \r\nX: " + b"y" * 400000 + b"\r\nContent-Length: 0\r\n\r\n",
                             b"HTTP/1.1 200 \r\n" + b"X: y\r\n" * 100000 + b"Content-Length: 0\r\n\r\n"], 502)

    def test_bytes_after_an_answer_do_not_become_the_next_one(self):
        def handle(peer, request):
            peer.send(answer(body=request.target.encode()) + answer(body=b"smuggled"))
            return True
        self.server.handle = handle
        for i in range(20):
            reply = self.proxy.get("/api/%d" % i)
            self.assertIn((reply.status, reply.body), [(200, b"/api/%d" % i), (502, reply.body)])

    def test_an_answer_before_the_body_was_read_reaches_the_program(self):
        def handle(peer, request):
            peer.send(answer(413, b"too much", [("Connection", "close")]))
            peer.wait_for_close()
            return False
        server = self.start_scripted(handle, reads_bodies=False)
        reply = self.start_daemon(server).post("/api/x", b"x" * 5000000)
        self.assertEqual((reply.status, reply.body), (413, b"too much"))


class TestServerRestart(Case):
    def test_a_restarted_server_is_used_again(self):
        sim = self.start_simulator(own_password=True)
        proxy = self.start_daemon(sim, {"upstream.hold_ms": 0})
        with proxy.connect() as connection:
            self.assertEqual(connection.request("GET", USER).status, 200)
            sim.stop()
            reply = connection.request("GET", USER)
            self.assertEqual((reply.status, json.loads(reply.body)["status"]), (502, 502))
            self.assertIn("connection_refused", reply.header("Proxy-Status"))
            sim.start()  # with another signing key
            wait_until(lambda: connection.request("GET", USER).status == 200, "the recovery")
        self.assertEqual(sim.stats()["login_failures"], 0)
        self.assertEqual(sim.stats()["logins"], 1)

    def test_a_server_that_closes_after_100_requests_is_not_noticed(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"join.reads": False})

        def work(index):
            with proxy.connect(index % 2 == 1) as connection:
                return [connection.request("GET", USER).status for _ in range(125)]
        self.assertEqual(in_parallel(8, work), [[200] * 125] * 8)
        stats = sim.stats()
        self.assertEqual(stats["statuses"]["200"], 1001)
        self.assertGreaterEqual(stats["connections"], 10)

    def test_posts_to_a_server_that_closes_after_100_requests_are_executed_once(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)

        def work(index):
            with proxy.connect(index % 2 == 1) as connection:
                return [connection.request("POST", "/api/device", body={"name": "%d-%d" % (index, i), "type": "default"})
                        .status for i in range(60)]
        self.assertEqual(in_parallel(8, work), [[200] * 60] * 8)
        stats = sim.stats()
        self.assertGreaterEqual(stats["connections"], 480 // 100)
        self.assertEqual(len(sim.requests("/api/device")), 480)

    def test_posts_after_a_kept_connection_was_closed_without_a_word_are_executed_once(self):
        closed, used = threading.Event(), set()

        class Server(ScriptedServer):
            def serve(self, peer):
                super().serve(peer)
                if peer in used:
                    closed.set()

        def handle(peer, request):
            used.add(peer)
            peer.send(answer(body=b"ok"))
            return peer.requests % 3 != 0  # without saying so
        server = Server(handle)
        self.addCleanup(server.stop)
        proxy = self.start_daemon(server)
        for i in range(30):
            closed.clear()
            self.assertEqual(proxy.post("/api/x", b"%d" % i).status, 200)
            if i % 3 == 2:
                self.assertTrue(closed.wait(PATIENCE))
        self.assertEqual([request.body for request in server.requests], [b"%d" % i for i in range(30)])

    def test_a_server_that_closes_after_every_request_is_not_noticed(self):
        sim = self.start_simulator(requests_per_connection=1)
        proxy = self.start_daemon(sim)
        for i in range(100):
            reply = proxy.post("/api/device", {"name": "device %d" % i, "type": "default"})
            self.assertEqual(reply.status, 200)

    def test_a_server_that_closes_idle_connections_without_a_word_is_not_noticed(self):
        def handle(peer, request):
            peer.send(answer(body=b"ok"))
            return False  # without saying so
        proxy = self.start_daemon(self.start_scripted(handle))
        statuses = {}
        for _ in range(50):
            status = proxy.get("/api/x").status
            statuses[status] = statuses.get(status, 0) + 1
        self.assertEqual(statuses, {200: 50})

    def test_connections_to_the_server_are_bounded_and_requests_wait_for_one(self):
        used = set()

        def handle(peer, request):
            used.add(peer)
            server.release.wait(0.05)
            peer.send(answer(body=b"ok"))
            return True
        server = self.start_scripted(handle)
        proxy = self.start_daemon(server, {"upstream.max_connections": 2})
        statuses = in_parallel(12, lambda index: proxy.get("/api/x", unix=index % 2 == 0).status)
        self.assertEqual(statuses, [200] * 12)
        self.assertEqual(len(used), 2)

    def test_a_client_that_hangs_up_does_not_harm_the_others(self):
        arrived = threading.Semaphore(0)

        def handle(peer, request):
            if request.target == "/api/hang":
                arrived.release()
                server.release.wait(0.2)
            peer.send(answer(body=b"ok"))
            return True
        server = self.start_scripted(handle)
        proxy = self.start_daemon(server)
        for unix in (False, True):
            for end in ("close", "reset"):
                gone = proxy.connect(unix)
                gone.send(build("GET", "/api/hang", host=gone.host))
                arrived.acquire()
                getattr(gone, end)()
                self.assertEqual(proxy.get("/api/x").body, b"ok")


if __name__ == "__main__":
    tap.main()
