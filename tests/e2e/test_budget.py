# SPDX-License-Identifier: Apache-2.0
"""The server's rate limit, configured or learned, is kept, and its state can be seen."""
import os
import signal
import time

import tap
from harness import answer, in_parallel, wait_until
from queueing import QueueCase
from scripted import API_DOCS, SIGN_UP, WHITE_LABEL
from scripted import USER as USER_BODY

USER = "/api/auth/user"


class BudgetCase(QueueCase):
    def begin(self, limits, options=None):
        """LIMITS: the server's. The daemon has learned nothing before, and its buckets are full, too."""
        super().begin({"upstream.max_connections": 64, "retry.max_retries": 10, "join.reads": False,
                       **(options or {})})
        self.sim.set(limits=limits)

    def get_many(self, count, threads=8):
        """Makes COUNT plain reads, one token each; all must succeed. Returns how long that took."""
        began = time.monotonic()

        def work(index):
            with self.proxy.connect(index % 2 == 1) as connection:
                return [connection.request("GET", USER).status for _ in range(count // threads)]
        self.assertEqual(in_parallel(threads, work), [[200] * (count // threads)] * threads)
        return time.monotonic() - began

    def refusals(self):
        return self.sim.stats()["statuses"].get("429", 0)

    def limits(self):
        return self.proxy.get("/-/status").json()["limits"]

    def reload(self, name, value):
        start = self.proxy.log.mark()
        self.proxy.options[name] = value
        self.proxy.write_config()
        self.proxy.signal(signal.SIGHUP)
        self.proxy.log.wait(name.replace(".", r"\.") + " has changed and is in effect", start)


class TestAskedFor(BudgetCase):
    def found(self):
        """The limit that the daemon asked for, once it is there."""
        self.proxy.log.wait("the server's rate limit is")
        limits = self.limits()
        return limits["source"], limits["limit"], [bucket["capacity"] for bucket in limits["buckets"]]

    def start(self, edition="paas", limits="20:1,5000:3600", credential=None, **sim_options):
        self.sim = self.start_simulator(edition=edition, limits=limits, **sim_options)
        self.proxy = self.start_daemon(self.sim, {"rate.limits": "auto", "join.reads": False, **(credential or {})},
                                       "none" if credential else None)

    def test_a_tenant_administrator_gets_that_of_the_tenant_and_keeps_it(self):
        self.start(customer_limits="7:1")
        self.assertEqual(self.found(), ("auto", "20:1,5000:3600", [20, 5000]))
        self.sim.forget()
        self.get_many(80)
        self.assertEqual(self.sim.stats()["statuses"].get("429", 0), 0)

    def test_a_customer_user_gets_both(self):
        self.start(customer_limits="7:1", credential={"upstream.username": "customer@thingsboard.org",
                                                      "upstream.password_file": "customer"})
        self.assertEqual(self.found(), ("auto", "20:1,5000:3600,7:1", [20, 5000, 7]))

    def test_no_limit_is_none(self):
        self.start(limits="")
        self.assertEqual(self.found(), ("none", "", []))

    def test_only_the_cloud_is_asked(self):
        for edition in ("ce", "pe"):
            self.start(edition)
            self.proxy.log.wait("the server is ThingsBoard " + edition.upper())
            self.assertEqual(self.proxy.get(USER).status, 200)
            self.assertEqual(self.limits()["source"], "none")
            self.assertEqual(self.sim.requests("/api/tenant/subscription/mergedProfileConfig"), [])

    def test_a_server_that_does_not_tell_is_one_to_learn_from(self):
        self.sim = self.start_simulator(edition="paas")
        self.sim.fault("status", "/api/tenant/subscription/mergedProfileConfig", status=403)
        self.proxy = self.start_daemon(self.sim, {"rate.limits": "auto"})
        self.proxy.log.wait("does not report its rate limit.*HTTP 403")
        self.assertEqual(self.proxy.get(USER).status, 200)

    def test_a_limit_that_is_not_understood_is_told(self):
        def handle(peer, request):
            body = {SIGN_UP: b"{}", WHITE_LABEL: b"{}", API_DOCS: b'{"info":{"version":"4.4.0"}}'}.get(request.target, USER_BODY)
            if request.target.endswith("/mergedProfileConfig"):
                body = b'{"tenantServerRestLimitsConfiguration":"many"}'
            peer.send(answer(200, body))
            return True
        proxy = self.start_daemon(self.start_scripted(handle, answers_probes=True), {"rate.limits": "auto"})
        proxy.log.wait('not understood: .*"many"')

    def test_it_can_be_switched_on_and_off(self):
        self.sim = self.start_simulator(edition="paas", limits="20:1")
        self.proxy = self.start_daemon(self.sim, {"rate.limits": "5:1"})
        self.proxy.log.wait("the server is ThingsBoard PAAS")
        self.reload("rate.limits", "auto")
        self.assertEqual(self.found()[:2], ("auto", "20:1"))
        self.reload("rate.limits", "6:1")
        self.assertEqual(self.limits()["limit"], "6:1")


class TestConfigured(BudgetCase):
    def test_200_requests_pass_without_a_single_429(self):
        self.begin("50:1", {"rate.limits": "50:1", "rate.learn": False})
        took = self.get_many(200)
        self.assertEqual(self.sim.stats()["statuses"], {"200": 200})
        tap.figure("200 requests, known limit of 50 a second: %d refused by the server, in %.1f s" % (self.refusals(), took))
        self.assertGreaterEqual(took, (200 - 50) / 50 - 0.05)

    def test_asynchronous_operations_count_twice(self):
        self.begin("20:1", {"rate.limits": "20:1", "rate.learn": False, "merge.mode": "off"})
        path = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device
        began = time.monotonic()
        statuses = in_parallel(8, lambda index: [self.proxy.post(path, {"v%d" % index: i}).status for i in range(5)])
        self.assertEqual(statuses, [[200] * 5] * 8)
        self.assertEqual(self.sim.stats()["statuses"], {"200": 40})
        self.assertGreaterEqual(time.monotonic() - began, (80 - 20) / 20 - 0.05)

    def test_slow_answers_do_not_lead_to_refusals(self):
        self.begin("20:1", {"rate.limits": "20:1", "rate.learn": False, "merge.mode": "off"})
        self.sim.set(writeMs=300)
        path = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device
        statuses = in_parallel(32, lambda index: self.proxy.post(path, {"v%d" % index: 1}).status)
        self.assertEqual(statuses, [200] * 32)
        self.assertEqual(self.refusals(), 0)

    def test_all_pairs_are_kept(self):
        self.begin("10:1,15:3", {"rate.limits": "10:1,15:3", "rate.learn": False})
        took = self.get_many(24)
        self.assertEqual(self.refusals(), 0)
        self.assertGreaterEqual(took, (24 - 15) / 5 - 0.05)

    def test_a_limit_below_the_cost_of_a_call_does_not_stop_it_for_ever(self):
        self.begin("", {"rate.limits": "1:1"})
        path = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device
        for index in range(2):
            self.assertEqual(self.proxy.post(path, {"v": index}).status, 200)

    def test_what_the_server_does_not_count_is_not_held_back(self):
        self.begin("", {"rate.limits": "1:3600"})
        token = self.direct("GET", "/api/device/%s/credentials" % self.device).json()["credentialsId"]
        for _ in range(5):
            self.assertEqual(self.proxy.get("/api/v1/%s/attributes" % token).status, 200)

    def test_long_polls_of_devices_leave_room(self):
        self.begin("", {"upstream.max_connections": 4})
        token = self.direct("GET", "/api/device/%s/credentials" % self.device).json()["credentialsId"]
        self.sim.fault("hold", "/api/v1/", count=2)
        for index in range(6):
            self.ask("/api/v1/%s/rpc?timeout=60000" % token, unix=index % 2 == 0)
        self.sim.wait_for_held(2)
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.assertEqual(len(self.sim.requests("/api/v1/%s/rpc" % token)), 0)
        self.sim.release()

    def test_a_reload_changes_the_limit(self):
        self.begin("5:1", {"rate.limits": "1000:1", "rate.learn": False})
        self.reload("rate.limits", "5:1")
        took = self.get_many(16)
        self.assertEqual(self.refusals(), 0)
        self.assertGreaterEqual(took, (16 - 5) / 5 - 0.05)
        self.assertEqual(self.limits()["limit"], "5:1")

    def test_a_reload_ends_a_closing(self):
        self.begin("", {"retry.initial_retry_delay_ms": 20000})
        self.sim.fault("status", USER, status=429)
        self.ask(USER)
        wait_until(lambda: self.limits()["closed_for_ms"] > 0, "the closed budget")
        self.reload("rate.limits", "1000:1")
        self.assertEqual(self.proxy.get("/api/device/types").status, 200)

    def test_a_long_retry_after_stops_the_others_no_longer_than_anybody_waits(self):
        self.begin("", {"retry.max_retry_delay_ms": 500})
        self.sim.fault("status", USER, status=429, retryAfter="86400")
        self.assertEqual(self.proxy.get(USER).status, 429)
        self.assertEqual(self.proxy.get(USER).status, 200)

    def test_a_reload_with_a_wrong_limit_leaves_all_as_it_was(self):
        self.begin("", {"rate.limits": "1000:1"})
        self.proxy.options["rate.limits"] = "5:0"
        self.proxy.write_config()
        self.proxy.signal(signal.SIGHUP)
        self.proxy.log.wait("not reloaded: .*5:0")
        self.assertEqual(self.limits()["limit"], "1000:1")
        self.get_many(40)


class TestLearned(BudgetCase):
    def test_all_requests_pass_with_few_429s(self):
        self.begin("50:1")
        took = self.get_many(160)
        self.assertLessEqual(self.refusals(), 40)  # at most 8 are under way when the first is refused
        tap.figure("160 requests, unknown limit of 50 a second: %d refused by the server, in %.1f s" % (self.refusals(), took))

    def test_a_pace_is_learned(self):
        self.begin("20:1")
        self.assertIsNone(self.limits()["pace"])
        self.get_many(40)
        self.assertTrue(0 < self.limits()["pace"] < 100, self.limits())

    def test_a_limit_that_becomes_tighter_while_running_is_found(self):
        self.begin("100:1", {"rate.limits": "100:1"})
        self.get_many(80)
        self.assertEqual(self.refusals(), 0)
        self.sim.set(limits="20:1")
        self.get_many(40)
        self.assertLessEqual(self.refusals(), 40)

    def test_a_limit_that_becomes_wider_while_running_is_found(self):
        self.begin("20:1")
        self.get_many(40)
        pace = self.limits()["pace"]
        self.sim.set(limits="1000:1")
        self.get_many(40)
        after = self.limits()["pace"]
        self.assertTrue(after is None or after > pace, (pace, after))

    def test_without_learning_there_is_no_pace(self):
        self.begin("20:1", {"rate.learn": False})
        self.get_many(40)
        self.assertIsNone(self.limits()["pace"])


class TestMistakes(BudgetCase):
    def test_a_wrong_limit_names_the_pair(self):
        for text, pair in (("20", "20"), ("20:", "20:"), (":1", ":1"), ("0:1", "0:1"), ("20:0", "20:0"),
                           ("-1:1", "-1:1"), ("20:1,0:5", "0:5"), ("20:1,x:5,5:1", "x:5"), ("20:1;5:2", "20:1;5:2"),
                           ("20:1:2", "20:1:2"), ("1.5:1", "1.5:1"),
                           ("1:99999999999999999999", "1:99999999999999999999"),
                           ("99999999999999999999:1", "99999999999999999999:1"),
                           ("18446744073709551617:1", "18446744073709551617:1"), ("20:1,", '""'), ("20:1,,5:2", '""')):
            with self.subTest(text=text):
                self.assert_mistake({"rate.limits": text}, "rate.limits", pair)

    def test_eight_pairs_are_the_most(self):
        pairs = ["%d:%d" % (10 * number, number) for number in range(1, 10)]
        self.assert_mistake({"rate.limits": ",".join(pairs)}, "rate.limits", "90:9")
        daemon = self.prepare_daemon("http://127.0.0.1:1", {"upstream.api_key_file": "tb_a-key-for-no-server",
                                                            "rate.limits": ",".join(pairs[:8])}, "none")
        daemon.start(wait="")

    def test_a_queue_that_cannot_hold_the_largest_request_is_refused(self):
        self.assert_mistake({"queue.max_bytes": 99999, "limits.max_kept_body_bytes": 100000},
                            "queue.max_bytes", "limits.max_kept_body_bytes")
        self.assert_mistake({"queue.max_bytes": 1048575}, "queue.max_bytes", "limits.max_kept_body_bytes")
        daemon = self.prepare_daemon("http://127.0.0.1:1", {"upstream.api_key_file": "tb_a-key-for-no-server",
                                                            "queue.max_bytes": 1048576}, "none")
        daemon.start(wait="")

    def test_a_merge_mode_that_there_is_not_is_refused(self):
        self.assert_mistake({"merge.mode": "sometimes"}, "merge.mode", "off", "pressure", "always")


class TestVisible(BudgetCase):
    def test_status_tells_the_limit_and_what_is_left(self):
        self.begin("20:10", {"rate.limits": "20:10,1000:60"})
        before = self.limits()
        self.assertEqual((before["source"], before["limit"], before["learn"]), ("configured", "20:10,1000:60", True))
        self.assertEqual([(bucket["capacity"], bucket["seconds"]) for bucket in before["buckets"]],
                         [(20, 10), (1000, 60)])
        self.assertEqual((before["in_flight"], before["max_in_flight"]), (0, 64))
        self.get_many(8)
        self.assertLess(self.limits()["buckets"][0]["tokens"], before["buckets"][0]["tokens"] - 5)

    def test_status_tells_what_waits_and_for_whom(self):
        self.begin("", {"upstream.max_connections": 1})
        self.occupy()
        self.ask_in_turn([{"target": "/api/%d" % index, "unix": index < 3, "method": "POST", "body": b"x" * 1000}
                          for index in range(4)])
        status = self.proxy.get("/-/status").json()
        queue = status["queue"]
        self.assertEqual((queue["requests"], queue["max_requests"], queue["max_wait_ms"]), (4, 10000, 30000))
        self.assertTrue(4000 <= queue["bytes"] < 8000, queue)
        client, = queue["clients"]
        self.assertEqual((client["client"], client["requests"], client["in_flight"]), ("uid:%d" % os.getuid(), 4, 1))
        self.assertGreaterEqual(client["connections"], 6)  # and those of earlier questions that are not closed yet
        self.assertEqual(len(client["waiting_ports"]), 1)
        self.assertEqual((status["limits"]["in_flight"], status["limits"]["max_in_flight"]), (1, 1))
        self.sim.release()
        self.wait_for_waiting(0)

    def test_status_tells_for_how_long_nothing_is_sent(self):
        self.begin("", {"retry.initial_retry_delay_ms": 20000})
        self.assertEqual(self.limits()["closed_for_ms"], 0)
        self.sim.fault("status", USER, status=429)
        self.ask(USER)
        wait_until(self.refusals, "the refusal")
        wait_until(lambda: 10000 < self.limits()["closed_for_ms"] <= 24000, "the closed budget")

    def test_status_and_metrics_take_only_get(self):
        self.begin("")
        for target in ("/-/status", "/-/metrics"):
            for unix in (False, True):
                self.assertEqual(self.proxy.get(target, unix=unix).status, 200)
            self.assert_error(self.proxy.post(target), 405, 31)
        self.assertTrue(self.proxy.get("/-/metrics").header("Content-Type").startswith("text/plain; version=0.0.4"))

    def test_metrics_agree_with_what_happened(self):
        self.begin("", {"upstream.max_connections": 1, "queue.max_requests": 4})
        for index in range(5):
            self.assertEqual(self.proxy.get("/api/device/types", unix=index < 2).status, 200)
        self.assertEqual(self.total("tbproxyd_requests_total", operation="getDeviceTypes", code="2xx"), 5)
        self.assertEqual(self.total("tbproxyd_listener_requests_total", listener="unix", code="2xx"), 2)
        self.sim.fault("status", USER, status=429, count=2)
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.assertEqual(self.total("tbproxyd_rate_limited_total"), 2)
        self.assertEqual(self.total("tbproxyd_retries_total"), 2)
        path = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device
        self.occupy()
        waiting = self.ask_in_turn([{"target": path, "method": "POST", "body": {"v": i}} for i in range(4)])
        self.assertEqual(self.total("tbproxyd_queue_requests"), 4)
        self.assert_busy(self.proxy.get(USER))
        waiting.pop().reset()
        self.wait_for_waiting(3)
        self.assert_busy(self.proxy.call("GET", USER, [("Prefer", "wait=0")]))
        self.sim.release()
        self.assertEqual([connection.response().status for connection in waiting], [200] * 3)
        for name, labels, value in (("refusals", {"reason": "queue_full"}, 1), ("refusals", {"reason": "queue_wait"}, 1),
                                    ("hang_ups", {}, 1), ("merged_calls", {}, 1), ("calls_saved", {"by": "merge"}, 2),
                                    ("merge_splits", {}, 0), ("calls_saved", {"by": "join"}, 0)):
            self.assertEqual(self.total("tbproxyd_%s_total" % name, **labels), value, name)
        self.assertEqual(self.total("tbproxyd_queue_requests"), 0)

    def test_joined_reads_are_counted(self):
        self.begin("", {"upstream.max_connections": 1, "join.reads": True})
        self.occupy()
        waiting = self.ask_in_turn([{"target": "/api/device/types"}] * 4)
        self.sim.release()
        self.assertEqual([connection.response().status for connection in waiting], [200] * 4)
        self.assertEqual(self.total("tbproxyd_calls_saved_total", by="join"), 3)


if __name__ == "__main__":
    tap.main()
