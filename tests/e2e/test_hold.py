# SPDX-License-Identifier: Apache-2.0
"""The server goes away for a moment: requests wait for it (upstream.hold_ms), and nothing is executed twice."""
import collections
import json
import re
import signal
import threading
import time

import tap
from harness import Case, answer, in_parallel, wait_until
from listening import Listening, closed_port
from scripted import PROBES, ScriptedServer

DEVICE = "/api/device/784f394c-42b6-435a-983c-b7beff2784f9"
TELEMETRY = "/api/plugins/telemetry/DEVICE/784f394c-42b6-435a-983c-b7beff2784f9/timeseries/ANY"
SAVE = "/api/device"
RPC = "/api/rpc/twoway/784f394c-42b6-435a-983c-b7beff2784f9"
REASON = 'desc="server away"'


class HoldCase(Case):
    def setUp(self):
        self.saved = collections.Counter()  # by name, each execution
        self.stored = collections.defaultdict(set)  # the times that each value was stored with
        self.server = None
        self.addCleanup(self.halt)

    def handle(self, peer, request):
        """The ledger of what is executed."""
        if request.target == SAVE:
            self.saved[json.loads(request.body)["name"]] += 1
        if request.target == TELEMETRY:
            body = json.loads(request.body)
            for element in body if isinstance(body, list) else [body]:
                for value in element["values"].values():
                    self.stored[value].add(element["ts"])
        peer.send(answer(body={}))
        return True

    def start_server(self):
        """Again, on its old port."""
        self.server = ScriptedServer(self.handle, port=self.server.port if self.server else 0)
        self.is_up = True
        return self.server

    def halt(self):
        if self.server and self.is_up:
            self.is_up = False
            self.server.stop()

    def begin(self, options=None, **more):
        self.start_server()
        self.proxy = self.start_daemon(self.server, options, "api_key", **more)
        self.assertEqual(self.proxy.get("/api/x").status, 200)

    def stop_server(self):
        """And one request notices it."""
        self.halt()
        waiting = threading.Thread(target=self.proxy.get, args=("/api/x",), kwargs={"headers": [("Prefer", "wait=2")]})
        waiting.start()
        self.addCleanup(waiting.join)
        wait_until(lambda: not self.proxy.get("/-/status").json()["servers"][0]["healthy"], "an outage")

    def in_background(self, method, target, body=None, headers=()):
        results = []
        thread = threading.Thread(target=lambda: results.append(self.proxy.call(method, target, headers, body)))
        thread.start()
        self.addCleanup(thread.join)

        def result():
            thread.join(30)
            return results[0]
        return result

    def wait_for_waiting(self, count):
        wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == count, "%d waiting" % count)


class Load:
    """Programs that ask one thing after the other, until stop()."""

    def __init__(self, case, count):
        self.case = case
        self.ended = threading.Event()
        self.failed = []  # (what, status)
        self.saved = {}  # status by name
        self.stored = []  # values
        self.latest = time.monotonic()
        self.threads = [threading.Thread(target=self.work, args=(index,)) for index in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self, index):
        proxy = self.case.proxy
        for number in range(100000):
            if self.ended.is_set():
                return
            name = "%d-%d" % (index, number)
            if index % 3 == 0:
                status = proxy.get(DEVICE + "?x=" + name).status
            elif index % 3 == 1:
                status = proxy.post(TELEMETRY, {"x": name}).status
                self.stored += [name]
            else:
                status = self.saved[name] = proxy.post(SAVE, {"name": name}).status
            if status != 200:
                self.failed.append((index % 3, status))
            time.sleep(0.01)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)


class TestOutage(HoldCase):
    def load_through(self, outage):
        """No read and no telemetry fails, and no device is saved twice."""
        load = Load(self, 12)
        time.sleep(0.3)
        outage()
        time.sleep(0.7)
        load.stop()
        self.assertEqual([failure for failure in load.failed if failure[0] != 2], [])
        self.assertLessEqual(len(load.failed), 4 * 3)  # those that the server may have executed
        self.assertLessEqual({status for _, status in load.failed}, {502, 503})
        for name, status in load.saved.items():
            self.assertEqual(self.saved[name], 1 if status == 200 else self.saved[name])
            self.assertLessEqual(self.saved[name], 1, name)
        for value in load.stored:
            self.assertEqual(len(self.stored[value]), 1, value)
        self.assertGreater(len(load.saved), 40)

    def test_a_server_that_is_killed_under_load_and_starts_again(self):
        self.begin()

        def outage():
            self.halt()
            time.sleep(1)
            self.start_server()
        self.load_through(outage)

    def test_a_gateway_in_front_that_has_no_server_for_a_while(self):
        for name in ("http/1.1", "h2", "h2c"):
            with self.subTest(name=name):
                self.saved.clear()
                self.stored.clear()
                self.halt()
                self.server = None
                self.start_server()
                front = self.start_front(self.server, name)
                self.proxy = self.start_daemon(front, front.daemon_options, "api_key")

                def outage():
                    self.halt()
                    time.sleep(1)
                    self.start_server()
                self.load_through(outage)

    def test_the_last_of_a_cluster(self):
        self.start_server()
        taken, url = closed_port()
        with taken:
            self.proxy = self.start_daemon(url, {"upstream.fallback_urls": self.server.url}, "api_key")
            self.assertEqual(self.proxy.get("/api/x").status, 200)
            self.halt()
            results = [self.in_background("POST", RPC, {"x": 1}) for _ in range(5)]
            wait_until(lambda: not any(server["healthy"] for server in self.proxy.get("/-/status").json()["servers"]),
                       "both are away")
            self.start_server()
            self.assertEqual([result().status for result in results], [200] * 5)
            self.assertEqual([request.target for request in self.server.requests].count(RPC), 5)


class TestWait(HoldCase):
    def assert_held(self, reply, seconds, *words):
        self.assert_error(reply, 503, 2, "cannot be reached", *words)
        self.assertEqual(reply.header("Proxy-Status"), "tbproxyd; error=destination_unavailable")
        self.assertRegex(reply.header("Retry-After"), r"^[1-5]$")
        self.assertGreaterEqual(self.took, seconds - 0.05)
        self.assertLess(self.took, seconds + 3)

    def ask(self, *headers, target="/api/x"):
        begin = time.monotonic()
        reply = self.proxy.get(target, headers=headers)
        self.took = time.monotonic() - begin
        return reply

    def test_it_ends_with_the_cause_and_the_client_says_when(self):
        self.begin({"upstream.hold_ms": 300})
        self.stop_server()
        self.assert_held(self.ask(), 0.3, "upstream.hold_ms, or Prefer: wait up to queue.max_wait_ms")
        self.proxy.log.wait(r"/api/x -> 503, .* ms \(queue [1-9]\d\d+ ms[^,]*\): ")
        self.assert_held(self.ask(("Prefer", "wait=1")), 1, "Prefer: wait")
        reply = self.ask(("Prefer", "wait=0"))
        self.assert_held(reply, 0)
        self.assertLess(self.took, 0.3)

    def test_a_stop_ends_it_at_once(self):
        self.begin({"limits.drain_timeout_ms": 60000})
        self.stop_server()
        waiting = [self.in_background("GET", "/api/x"), self.in_background("POST", RPC, {})]
        self.wait_for_waiting(3)
        self.proxy.signal(signal.SIGTERM)
        for reply in [result() for result in waiting]:
            self.assert_error(reply, 503, 2, "until tbproxyd is stopped")
        self.assertEqual(self.proxy.ended(), 0)

    def test_the_remedy_is_told_even_before_a_probe(self):
        self.begin()
        self.stop_server()
        for target in ("/api/x", "/-/subscribe/DEVICE/784f394c-42b6-435a-983c-b7beff2784f9"):
            reply = self.ask(("Prefer", "wait=0"), target=target)
            self.assert_error(reply, 503, 2, "Connection refused", "Check upstream.url")
            self.assertIsNotNone(reply.header("Retry-After"))

    def test_a_gateway_error_is_the_answer_until_a_probe_says_more(self):
        def handle(peer, request):
            if request.target in PROBES:
                server.release.wait()
            peer.send(answer(502, b"from the gateway"))
            return True
        server = self.start_scripted(handle, answers_probes=True)
        reply = self.start_daemon(server).get(DEVICE, headers=[("Prefer", "wait=1")])
        self.assertEqual((reply.status, reply.body), (502, b"from the gateway"))

    def test_its_reason_is_told(self):
        self.begin()
        self.stop_server()
        reply = self.in_background("POST", RPC, {"x": 1})
        self.wait_for_waiting(2)
        self.start_server()
        self.assertEqual(reply().status, 200)
        self.assertIn(REASON, reply().header("Server-Timing"))
        self.proxy.log.wait(re.escape(RPC) + ".*server away")

    def test_without_it_requests_fail_at_once(self):
        self.begin({"upstream.hold_ms": 0})
        self.halt()
        for headers in ((), ("Prefer", "wait=5")):
            reply = self.ask(*[headers] if headers else [])
            self.assertEqual(reply.status, 502)
            self.assertLess(self.took, 1)

    def test_a_name_that_does_not_resolve(self):
        self.proxy = self.start_daemon("http://%s.test" % ("x" * 64), {"upstream.hold_ms": 400}, "api_key")
        reply = self.ask()
        self.assertEqual(reply.status, 503)
        self.assertIn("esolv", reply.json()["message"])
        self.assertGreaterEqual(self.took, 0.35)


class TestSession(HoldCase):
    def test_a_server_that_is_away_at_the_start_gets_one_login(self):
        sim = self.start_simulator(own_password=True)
        self.proxy = self.prepare_daemon(sim)
        sim.stop()
        self.proxy.start()
        results = [self.in_background(*request) for request in
                   [("GET", "/api/auth/user"), ("POST", TELEMETRY, {"x": 1})] * 5]
        time.sleep(0.5)
        sim.start()
        statuses = [result().status for result in results]
        self.assertNotIn(502, statuses)
        self.assertNotIn(503, statuses)
        self.assertEqual(statuses[::2], [200] * 5)
        self.assertEqual(len(sim.requests("/api/auth/login")), 1)
        stored = [entry["body"] for entry in sim.requests(TELEMETRY)]
        self.assertTrue(stored and all('"ts"' in body for body in stored), stored)

    def test_a_login_that_a_gateway_answers_is_waited_for(self):
        failing = threading.Event()
        failing.set()

        def handle(peer, request):
            away = failing.is_set() and request.target not in PROBES
            peer.send(answer(503, b"<html>") if away else answer(body={"id": {}, "email": "a@example.org"}))
            return True
        server = self.start_scripted(handle, authenticates=False)
        self.proxy = self.start_daemon(server, None, "api_key")
        result = self.in_background("GET", "/api/x")
        time.sleep(1)
        failing.clear()
        self.assertEqual(result().status, 200)


class Refusing(Listening):
    """Accepts each connection and ends it at once."""

    def __init__(self, port):
        self.accepted = []
        super().__init__(port)

    def connected(self, sock):
        self.accepted.append(time.monotonic())
        sock.close()


class TestProbes(HoldCase):
    def test_a_gateway_that_lets_requests_through_but_no_probes(self):
        for status, headers in ((302, [("Location", "https://login.example/")]), (503, [])):
            with self.subTest(status=status):
                def handle(peer, request):
                    peer.send(answer(status, b"<html>", headers) if request.target in PROBES else answer(body={"id": {}}))
                    return True
                server = self.start_scripted(handle, answers_probes=True)
                self.proxy = self.start_daemon(server, {"upstream.check_interval_ms": 200}, "api_key")
                for method in ("GET", "POST"):
                    wait_until(lambda: self.proxy.get("/-/ready").status == 503, "a failed probe")
                    self.assertEqual(self.proxy.call(method, SAVE, [("Prefer", "wait=1")], b'{"name":"x"}').status, 200)

    def test_many_that_wait_cause_few_connections(self):
        self.begin()
        self.stop_server()
        refusing = Refusing(self.server.port)
        results = [self.in_background("GET", "/api/y?%d" % index) for index in range(40)]
        time.sleep(1.5)
        refusing.stop_listening()
        begin = time.monotonic()
        self.start_server()
        self.assertEqual({result().status for result in results}, {200})
        self.assertLess(time.monotonic() - begin, 2)
        # A probe is made every 0.25 s at first; each opens up to 5 connections if they are ended without a word.
        self.assertLessEqual(len(refusing.accepted), 5 * 7)


class TestDelete(HoldCase):
    def lose(self, *first):
        """A server that answers the first DELETEs with FIRST (None: not at all), and 404 after that."""
        ends = list(first)

        def handle(peer, request):
            reply = answer(404, {"errorCode": 32}) if request.method == "DELETE" else answer()
            if request.method == "DELETE" and ends:
                reply = ends.pop(0)
            if reply:
                peer.send(reply)
            return bool(reply)
        self.proxy = self.start_daemon(self.start_scripted(handle), None, "api_key")
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        return self.proxy.call("DELETE", DEVICE)

    def test_one_that_may_have_deleted_it_before_says_so(self):
        for first in ((None,), (answer(502),), (answer(503, b"<html>"),), (None, None, answer(502))):
            with self.subTest(first=first):
                reply = self.lose(*first)
                self.assertEqual(reply.status, 404)
                self.assertEqual(reply.header("Proxy-Status"), 'tbproxyd; received-status=404; details='
                                 '"it was sent before, and that sending may have deleted it"')

    def test_one_that_was_sent_once_does_not(self):
        reply = self.lose()
        self.assertEqual((reply.status, reply.header("Proxy-Status")), (404, None))

    def test_an_error_of_thingsboard_itself_is_an_answer(self):
        error = {"status": 503, "message": "x", "errorCode": 2, "timestamp": 1}
        reply = self.lose(answer(503, error))
        self.assertEqual((reply.status, reply.json()), (503, error))


class TestNeighbours(HoldCase):
    def test_who_asks_for_what_has_no_backend_holds_up_nobody(self):
        probed, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def handle(peer, request):
            if request.target in PROBES and self.is_probe_slow:
                probed.set()
                release.wait()
            peer.send(answer(502 if request.target.startswith("/api/bad") else 200, {}))
            return True
        self.is_probe_slow = False
        server = self.start_scripted(handle, answers_probes=True)
        self.proxy = self.start_daemon(server, None, "api_key")
        wait_until(lambda: self.proxy.get("/-/ready").json()["edition"], "the end of the questions for the edition")
        self.is_probe_slow = True
        for _ in range(4):
            self.assertEqual(self.proxy.get("/api/bad", headers=[("Prefer", "wait=0")]).status, 502)
        self.assertTrue(probed.wait(10))
        self.assertEqual(self.proxy.get("/api/x", headers=[("Prefer", "wait=1")]).status, 200)

    def test_who_fills_the_queue_does_not_keep_others_out(self):
        self.begin({"queue.max_requests": 9})
        self.stop_server()
        mine = in_parallel(15, lambda index: self.in_background("POST", RPC, {"x": 1}))
        self.wait_for_waiting(9)
        self.start_server()
        self.assertEqual(sorted(result().status for result in mine), [200] * 8 + [503] * 7)


if __name__ == "__main__":
    tap.main()
