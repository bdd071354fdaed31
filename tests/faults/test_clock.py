# SPDX-License-Identifier: Apache-2.0
"""The host's date is stepped by hours, both ways: no program notices, and values keep the server's time."""
import email.utils
import time

import e2e_modules  # noqa: F401
import tap
from fault_case import SLACK_S, FaultCase

HOUR_S = 3600
START_H, STEPS_H = 6, (11, 1, 6)  # ahead of the true date; never before the server's certificate begins
TOKEN_S, RENEWAL_S = 6, 4.5  # its life, and when it is renewed
DELAY_S = 3
NEAR_MS = 30000  # how late a slow machine may be


class TestStepped(FaultCase):
    def test_a_date_that_is_stepped(self):
        clock = self.make_clock()
        clock.step(START_H * HOUR_S)
        self.begin({"upstream.check_interval_ms": 500}, token_life=TOKEN_S, **clock.environment)
        for hours in STEPS_H:
            before = self.sim.stats()
            began_ms = time.time() * 1000
            clock.step(hours * HOUR_S)
            for load in self.loads:
                date_s = load.proxy.get("/-/x", unix=True).json()["timestamp"] / 1000  # of tbproxyd's own answer
                self.assertAlmostEqual(date_s - time.time(), hours * HOUR_S, delta=HOUR_S / 2)
                self.assert_waits_until_a_date(load)
            self.assert_goes_on(TOKEN_S)
            after = self.sim.stats()
            renewals = after["logins"] + after["refreshes"] - before["logins"] - before["refreshes"]
            most = len(self.loads) * (time.time() - began_ms / 1000) / RENEWAL_S
            self.assertGreaterEqual(renewals, 2)
            self.assertLessEqual(renewals, 1.2 * most + 2)
            self.assert_true_times(began_ms)
        self.settle()

    def assert_waits_until_a_date(self, load):
        """A Retry-After is meant by the server's clock."""
        date = email.utils.formatdate(time.time() + DELAY_S, usegmt=True)
        self.sim.fault("status", "/api/auth/user", status=429, retryAfter=date)
        began = time.monotonic()
        self.assertEqual(load.proxy.get("/api/auth/user", unix=True).status, 200)
        self.assertGreater(time.monotonic() - began, DELAY_S - 2)  # a date has whole seconds
        self.assertLess(time.monotonic() - began, DELAY_S + SLACK_S)

    def assert_true_times(self, began_ms):
        for load in self.loads:
            times = [row["ts"] for row in self.values(load)]
            self.assertLess(max(times), time.time() * 1000 + NEAR_MS)
            self.assertGreater(max(times), began_ms)
            self.assertGreater(min(times), began_ms - 10 * NEAR_MS)


if __name__ == "__main__":
    tap.main()
