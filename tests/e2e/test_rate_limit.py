# SPDX-License-Identifier: Apache-2.0
"""Requests that the server refuses with 429: retried if that does no harm."""
import email.utils
import time

import tap
from harness import SLOW, Case, build, wait_until

USER = "/api/auth/user"
SLACK = 3.0 if SLOW else 1.0  # s that a response may be late on a busy machine


class TestRepeats(Case):
    def begin(self, **options):
        """Short delays keep the tests short."""
        self.sim = self.start_simulator()
        self.proxy = self.start_daemon(self.sim, {"retry." + name: value for name, value in options.items()})
        self.sim.forget()

    def timed(self, target=USER, **options):
        began = time.monotonic()
        reply = self.proxy.call(options.pop("method", "GET"), target, **options)
        return reply, time.monotonic() - began

    def test_the_program_sees_the_200_after_a_429(self):
        self.begin(initial_retry_delay_ms=100)
        self.sim.fault("status", USER, status=429)
        for unix in (False, True):
            reply, _ = self.timed(unix=unix)
            self.assertEqual((reply.status, reply.header("Proxy-Status")), (200, None))
        self.assertEqual(self.sim.stats()["statuses"], {"429": 1, "200": 2})

    def test_delays_double_and_vary_by_a_fifth(self):
        self.begin(initial_retry_delay_ms=200)
        for retries, total in ((1, 0.2), (2, 0.6), (3, 1.4)):
            self.sim.fault("status", USER, status=429, count=retries)
            reply, took = self.timed()
            self.assertEqual(reply.status, 200)
            self.assertGreaterEqual(took, total * 0.8)
            self.assertLess(took, total * 1.2 + SLACK)

    def test_the_longest_delay_is_bounded(self):
        self.begin(initial_retry_delay_ms=100, max_retry_delay_ms=150, max_retries=10)
        self.sim.fault("status", USER, status=429, count=10)
        reply, took = self.timed()
        self.assertEqual(reply.status, 200)
        self.assertGreaterEqual(took, 0.08 + 9 * 0.12)
        self.assertLess(took, 10 * 0.15 + SLACK)

    def test_max_retries_is_the_number_of_retries(self):
        for most in (0, 1, 3):
            with self.subTest(max_retries=most):
                self.begin(initial_retry_delay_ms=10, max_retries=most)
                self.sim.fault("status", USER, status=429, count=0)
                reply, _ = self.timed()
                self.assert_error(reply, 429, 33)
                self.assertIn("max_retries", reply.header("Proxy-Status"))
                self.assertEqual(len(self.sim.requests(USER)), 1 + most)

    def test_the_default_is_three_retries(self):
        self.begin(initial_retry_delay_ms=10)
        self.sim.fault("status", USER, status=429, count=0)
        self.assertEqual(self.timed()[0].status, 429)
        self.assertEqual(len(self.sim.requests(USER)), 4)

    def test_retry_after_wins(self):
        self.begin(initial_retry_delay_ms=10)
        self.sim.fault("status", USER, status=429, retryAfter="1")
        reply, took = self.timed()
        self.assertEqual(reply.status, 200)
        self.assertGreaterEqual(took, 1.0)
        self.assertLess(took, 1.0 + SLACK)

    def test_retry_after_shorter_than_the_delay_wins_too(self):
        self.begin(initial_retry_delay_ms=20000)
        self.sim.fault("status", USER, status=429, retryAfter="1")
        reply, took = self.timed()
        self.assertEqual(reply.status, 200)
        self.assertLess(took, 1.0 + SLACK)

    def test_retry_after_may_be_a_date_on_the_servers_clock(self):
        self.begin(initial_retry_delay_ms=10)
        self.sim.set(clockOffsetMs=86400000)
        self.proxy.get(USER)
        self.sim.fault("status", USER, status=429,
                       retryAfter=email.utils.formatdate(time.time() + 86400 + 2, usegmt=True))
        reply, took = self.timed()
        self.assertEqual(reply.status, 200)
        self.assertGreaterEqual(took, 0.5)
        self.assertLess(took, 2.0 + SLACK)

    def test_retry_after_beyond_the_longest_delay_is_not_waited_for(self):
        self.begin(max_retry_delay_ms=2000)
        self.sim.fault("status", USER, status=429, retryAfter="3")
        reply, took = self.timed()
        self.assert_error(reply, 429, 33)
        self.assertEqual(reply.header("Retry-After"), "3")
        self.assertIn("Retry-After", reply.header("Proxy-Status"))
        self.assertLess(took, 2.0)
        self.assertEqual(len(self.sim.requests(USER)), 1)

    def test_retry_on_rate_limit_turns_it_off(self):
        self.begin(retry_on_rate_limit=False)
        self.sim.fault("status", USER, status=429, retryAfter="0")
        reply, _ = self.timed()
        self.assert_error(reply, 429, 33, "Too many requests for current tenant!")
        self.assertIn("retry_on_rate_limit", reply.header("Proxy-Status"))
        self.assertEqual(len(self.sim.requests(USER)), 1)

    def test_a_repeat_sends_the_same_request(self):
        self.begin(initial_retry_delay_ms=10)
        self.sim.fault("status", "/api/device", status=429, count=2)
        reply, _ = self.timed("/api/device?x=y", method="POST", body={"name": "retried", "type": "default"},
                              headers=[("X-Mobile-Token", "abc")])
        self.assertEqual(reply.json()["name"], "retried")
        sent = self.sim.requests("/api/device")
        self.assertEqual([entry["status"] for entry in sent], [429, 429, 200])
        for entry in sent[1:]:
            self.assertEqual((entry["target"], entry["headers"], entry["body"]),
                             (sent[0]["target"], sent[0]["headers"], sent[0]["body"]))

    def test_a_repeat_carries_the_token_of_its_time(self):
        self.begin(initial_retry_delay_ms=400)
        self.sim.set(outdateAccessTokens=True)
        self.sim.fault("status", USER, status=429)
        reply, _ = self.timed()
        self.assertEqual(reply.status, 200)

    def test_other_statuses_are_not_retried(self):
        self.begin()
        for status in (400, 403, 404, 408, 409, 500, 502, 503, 504):
            self.sim.forget()
            self.sim.fault("status", USER, status=status, retryAfter="0")
            self.assertEqual(self.timed()[0].status, status)
            self.assertEqual(len(self.sim.requests(USER)), 1)

    def test_a_real_limit_is_ridden_out(self):
        self.begin(initial_retry_delay_ms=300, max_retries=6)
        self.sim.set(limits="5:2")
        for _ in range(9):
            self.assertEqual(self.timed()[0].status, 200)
        self.assertGreater(self.sim.stats()["statuses"].get("429", 0), 0)

    def test_a_client_that_is_gone_ends_the_retries(self):
        for unix in (False, True):
            with self.subTest(unix=unix):
                self.begin(initial_retry_delay_ms=300)
                self.sim.fault("status", "/api/device", status=429)
                gone = self.proxy.connect(unix)
                gone.send(build("GET", "/api/device/types", host=gone.host))
                wait_until(lambda: self.sim.requests("/api/device/types"), "the first try")
                gone.reset()  # over TCP, an orderly close could be that of the sending half only
                self.sim.fault("status", USER, status=429, count=2)
                self.assertEqual(self.timed()[0].status, 200)  # has waited longer
                self.assertEqual(len(self.sim.requests("/api/device/types")), 1)


if __name__ == "__main__":
    tap.main()
