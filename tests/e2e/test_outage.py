# SPDX-License-Identifier: Apache-2.0
"""No server can be used: log, status and readiness say so once, and say when it is over."""
import re
import threading

import tap
from harness import PATIENCE, SLOW, Case, ScriptedServer, answer, in_parallel, wait_until
from listening import closed_port
from scripted import PROBES

USER = "/api/auth/user"
POST = {"name": "x"}
HANDSHAKE = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
             ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
BEGIN = r"(cannot be reached: |does not answer; |answers 502; )"
END = r"answers again after (\d+) s; (\d+) requests? failed in the meantime"


class OutageCase(Case):
    def begin(self, server, options=None, credential=None):
        self.proxy = self.start_daemon(server, {"log.level": "info", "upstream.hold_ms": 0, **(options or {})}, credential)
        self.proxy.log.wait("the server (is|does not report)")  # its edition: those requests are not probes
        self.assert_ready()
        return self.proxy

    def assert_ready(self):
        reply = self.proxy.get("/-/ready")
        self.assertEqual((reply.status, reply.json()["ready"], reply.json()["session"], reply.json()["reason"]),
                         (200, True, "ready", ""))

    def wait_for_begin(self, cause, state="unreachable"):
        self.proxy.log.wait(BEGIN + cause)
        self.proxy.notices.wait("^STATUS=" + state + ": .*" + BEGIN + cause)
        reply = self.proxy.get("/-/ready")
        self.assertEqual((reply.status, reply.json()["ready"], reply.json()["state"]), (503, False, state))
        self.assertRegex(reply.json()["reason"], BEGIN + cause)

    def wait_for_end(self):
        """How many requests failed, according to the log."""
        found = self.proxy.log.wait(END)
        wait_until(lambda: self.proxy.get("/-/ready").status == 200, "readiness")
        self.assert_ready()
        return int(found.group(2))

    def assert_told_once(self):
        self.assertEqual((len(self.proxy.log.find("^tbproxyd: http[^ ]* " + BEGIN)), len(self.proxy.log.find(END))), (1, 1))


class TestServerAway(OutageCase):
    def test_a_killed_server_is_told_and_its_return_without_any_request(self):
        for credential in ("password", "api_key"):
            with self.subTest(credential=credential):
                sim = self.start_simulator(own_password=True)
                proxy = self.begin(sim, credential=credential)
                start = proxy.log.mark()
                sim.stop()

                def fail(index):
                    return [proxy.get("/api/x", unix=index % 2 == 0).status for _ in range(150)]
                self.assertEqual(in_parallel(4, fail), [[502] * 150] * 4)
                self.wait_for_begin(".*connect")
                sim.start()
                self.assertEqual(self.wait_for_end(), 600)
                self.assertEqual(proxy.get(USER).status, 200)
                self.assert_told_once()
                # A renewal or a check may have failed as well, and one follows.
                self.assertLessEqual(len(proxy.log.lines) - start, 8, proxy.log.text())

    def test_one_that_is_away_at_the_start_is_told_once(self):
        sim = self.start_simulator(own_password=True)
        self.proxy = self.prepare_daemon(sim, {"log.level": "info", "upstream.hold_ms": 0})
        sim.stop()
        self.proxy.start()
        self.wait_for_begin(".*connect")
        since = self.proxy.get("/-/ready").json()["since"]
        # Programs cause one attempt a second, which fails as the first did. The session's own next attempt would be 30 s
        # after the last.
        start = self.proxy.notices.mark()
        for _ in range(2):
            wait_until(lambda: self.proxy.get(USER).status == 502 and
                       self.proxy.notices.find("^STATUS=unreachable", start), "another attempt")
            start = self.proxy.notices.mark()
        self.assertEqual(self.proxy.get("/-/ready").json()["since"][:-5], since[:-5])
        sim.start()
        self.proxy.log.wait(END)
        self.proxy.notices.wait("^STATUS=ready", timeout=PATIENCE if SLOW else 10)
        self.wait_for_end()
        self.assert_told_once()

    def test_one_that_answers_502_for_everything_is_away(self):
        away = threading.Event()

        def handle(peer, request):
            peer.send(answer(502 if away.is_set() else 200))
            return True
        server = self.start_scripted(handle, answers_probes=True)
        proxy = self.begin(server)
        away.set()
        self.assertEqual([proxy.post("/api/device", POST).status for _ in range(3)], [502] * 3)
        self.wait_for_begin("is ThingsBoard itself running", "failing")
        away.clear()
        self.wait_for_end()
        self.assert_told_once()

    def test_one_that_closes_every_connection_is_away(self):
        away = threading.Event()

        def handle(peer, request):
            if not away.is_set():
                peer.send(answer())
            return not away.is_set()
        proxy = self.begin(self.start_scripted(handle, answers_probes=True))
        away.set()
        self.assertEqual(proxy.post("/api/device", POST).status, 502)
        self.wait_for_begin("")
        away.clear()
        self.wait_for_end()
        self.assert_told_once()

    def test_one_that_hangs_is_away(self):
        away = threading.Event()

        def handle(peer, request):
            if not away.is_set():
                peer.send(answer())
            elif request.target not in PROBES:  # they would hang for their own 10 s
                server.release.wait(PATIENCE)
            return not away.is_set()
        server = self.start_scripted(handle, answers_probes=True)
        proxy = self.begin(server, {"upstream.timeout_ms": 300})
        away.set()
        self.assertEqual(proxy.post("/api/device", POST).status, 504)
        self.wait_for_begin("")
        away.clear()
        self.assertEqual(self.wait_for_end(), 1)
        self.assert_told_once()

    def test_only_websockets_notice_it_too(self):
        server = ScriptedServer(lambda peer, request: peer.send(answer()) or True)
        proxy = self.begin(server)
        server.stop()
        self.assertEqual(proxy.get("/api/ws", headers=HANDSHAKE).status, 502)
        self.wait_for_begin(".*connect")
        again = ScriptedServer(server.handle, port=server.port)
        self.addCleanup(again.stop)
        self.assertEqual(self.wait_for_end(), 1)


class TestServerThere(OutageCase):
    def lose(self, target, reply=b""):
        """A server that answers everything except TARGET; self.probed is set when it is probed."""
        self.probed = threading.Event()

        def handle(peer, request):
            if request.target in PROBES and self.lost:
                self.probed.set()
            if request.target == target:
                self.lost = True
                if reply:
                    peer.send(reply)
                return bool(reply)
            peer.send(answer(body={}))
            return True
        self.lost = False
        return self.begin(self.start_scripted(handle, answers_probes=True))

    def assert_nothing_told(self):
        self.assertTrue(self.probed.wait(20))
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.assert_ready()
        self.assertEqual(self.proxy.log.find(BEGIN) + self.proxy.log.find(END), [])
        self.assertEqual(self.proxy.notices.find("STATUS=(unreachable|failing)"), [])

    def test_a_request_that_is_lost_is_not_the_server(self):
        proxy = self.lose("/api/device")
        for _ in range(20):
            self.assertEqual(proxy.post("/api/device", POST).status, 502)
        self.assert_nothing_told()

    def test_an_operation_that_is_answered_503_is_not_the_server(self):
        proxy = self.lose("/api/device", answer(503))
        for _ in range(20):
            self.assertEqual(proxy.post("/api/device", POST).status, 503)
        self.assert_nothing_told()

    def test_the_device_api_without_a_backend_is_not_the_server(self):
        target = "/api/v1/DEVICE_TOKEN/telemetry"
        proxy = self.lose(target, answer(502))
        for _ in range(20):
            self.assertEqual(proxy.post(target, POST).status, 502)
        self.assert_nothing_told()


class TestSeveral(OutageCase):
    def test_only_without_all_of_them_it_is_told(self):
        taken, url = closed_port()
        second = ScriptedServer(lambda peer, request: peer.send(answer()) or True)
        with taken:
            proxy = self.begin(url, {"upstream.fallback_urls": second.url}, "api_key")
            self.assertEqual(proxy.post("/api/device", POST).status, 200)
            proxy.log.wait("%s is ejected" % re.escape(url))
            self.assertEqual(proxy.log.find("can be used;"), [])
            second.stop()
            proxy.post("/api/device", POST)
            proxy.log.wait("none of the 2 servers can be used; http://.* cannot be reached: ")
            self.assertEqual(proxy.get("/-/ready").status, 503)
            again = ScriptedServer(second.handle, port=second.port)
            self.addCleanup(again.stop)
            proxy.log.wait(re.escape(second.url) + " " + END)
            self.assert_ready()


if __name__ == "__main__":
    tap.main()
