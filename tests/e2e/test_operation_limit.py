# SPDX-License-Identifier: Apache-2.0
"""A limit that the server has for one operation holds back that operation only."""
import signal
import subprocess

import build_tree
import tap
from harness import in_parallel, wait_until
from queueing import QueueCase

USER = "/api/auth/user"
TYPES = "/api/device/types"
NAME = "getDeviceTypes"
LATER = 3600  # s: Retry-After


class TestOperationLimit(QueueCase):
    def begin(self, options=None, **fault):
        """TYPES is refused from now on; other operations have succeeded before."""
        super().begin({"upstream.max_connections": 64, "join.reads": False, **(options or {})})
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.sim.fault("status", TYPES, status=429, count=0, **fault)

    def limits(self):
        return self.proxy.get("/-/status").json()["limits"]

    def closed_ms(self, name=NAME):
        return {entry["operation"]: entry["closed_for_ms"] for entry in self.limits()["operations"]}.get(name, 0)

    def test_retry_after_stops_its_operation_only(self):
        self.begin(retryAfter=LATER)
        reply = self.proxy.get(TYPES)
        self.assert_error(reply, 429, 33)
        self.assertEqual(reply.header("Retry-After"), str(LATER))
        self.assertGreater(self.closed_ms(), 20000)
        for _ in range(30):
            self.assertEqual(self.proxy.get(USER).status, 200)
        self.assertEqual(self.limits()["closed_for_ms"], 0)
        self.assertGreater(self.closed_ms(), 0)
        self.assertEqual(len(self.sim.requests(TYPES)), 1)

    def test_four_connections_hold_back_nobody_else(self):
        self.begin(retryAfter=LATER)

        def work(index):
            if index < 4:
                return [self.proxy.call("GET", TYPES, [("Prefer", "wait=0")]).status for _ in range(5)]
            return [self.proxy.get(USER, unix=index % 2 == 0).status for _ in range(20)]
        statuses = in_parallel(8, work)
        self.assertEqual(statuses[4:], [[200] * 20] * 4)
        self.assertEqual({status for some in statuses[:4] for status in some}, {429, 503})
        self.assertLessEqual(len(self.sim.requests(TYPES)), 4)

    def test_what_is_held_back_is_in_nobodys_way(self):
        """Not even in the same flow, which is all programs of a user of the Unix socket."""
        self.begin(retryAfter=20)
        for _ in range(4):
            self.ask(TYPES, unix=True)
        wait_until(lambda: self.closed_ms() > 10000, "the closed operation")
        for _ in range(10):
            self.assertEqual(self.proxy.get(USER, unix=True).status, 200)

    def test_a_request_that_is_held_back_waits_as_long_as_it_may(self):
        self.begin(retryAfter=25)
        self.ask(TYPES)
        wait_until(lambda: self.closed_ms() > 10000, "the closed operation")
        self.assertEqual(self.proxy.get(USER).status, 200)
        reply = self.proxy.call("GET", TYPES, [("Prefer", "wait=1")])
        self.assert_busy(reply)
        self.assertGreater(int(reply.header("Retry-After")), 10)
        self.assertEqual(len(self.sim.requests(TYPES)), 1)

    def test_it_goes_on_when_it_opens(self):
        self.begin({"retry.initial_retry_delay_ms": 300})
        waiting = self.ask(TYPES)
        wait_until(lambda: self.sim.requests(TYPES), "the first refusal")
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.sim.clear_faults()
        self.assertEqual(waiting.response().status, 200)

    def test_paths_that_no_document_knows_are_one_operation(self):
        self.begin()
        self.sim.fault("status", "/api/blocker", status=429, count=0, retryAfter=LATER)
        self.assertEqual(self.proxy.get("/api/blocker").status, 429)
        self.assertGreater(self.closed_ms("unknown"), 20000)
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.assert_busy(self.proxy.call("GET", "/api/another", [("Prefer", "wait=0")]))

    def test_a_reload_opens_it(self):
        self.begin(retryAfter=LATER)
        self.assertEqual(self.proxy.get(TYPES).status, 429)
        self.assertGreater(self.closed_ms(), 20000)
        self.sim.clear_faults()
        self.proxy.signal(signal.SIGHUP)
        wait_until(lambda: self.closed_ms() == 0, "the open operation")
        self.assertEqual(self.proxy.get(TYPES).status, 200)

    def test_tbproxyctl_shows_it(self):
        self.begin(retryAfter=LATER)
        self.assertEqual(self.proxy.get(TYPES).status, 429)
        text = subprocess.run([build_tree.program("src/ctl/tbproxyctl"), "limits", "--unix-socket", self.proxy.unix_path], check=True,
                              capture_output=True, text=True, timeout=60).stdout
        self.assertRegex(text, r"\noperation  %s: closed for \d+ s\n" % NAME)


if __name__ == "__main__":
    tap.main()
