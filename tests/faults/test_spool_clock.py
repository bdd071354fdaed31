# SPDX-License-Identifier: Apache-2.0
"""The host's date is stepped by hours, both ways, while the server is away, and while the daemon does not run: values that wait in
the spool keep the server's time, and are not thrown away as old."""
import tempfile
import time

import e2e_modules  # noqa: F401
import tap
from fault_case import Clock
from spooling import ARRAY, BARE, STAMPED, SpoolCase

HOUR_S = 3600
START_H, STEPS_H, LAST_H = 6, (11, -5, 6), -2  # ahead of the true date
PROGRAMS = 6


class TestStepped(SpoolCase):
    def test_a_date_that_is_stepped_in_an_outage(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-clock-")
        self.addCleanup(directory.cleanup)
        clock = Clock(directory.name)
        self.addCleanup(clock.close)
        clock.step(START_H * HOUR_S)
        self.begin()
        self.proxy.start(**clock.environment)
        programs = self.make_programs(PROGRAMS, kinds=(STAMPED, BARE, ARRAY))

        def step():
            time.sleep(0.3)
            self.way.end()
            for hours in STEPS_H:
                clock.step(hours * HOUR_S)
                time.sleep(0.3)
        self.run_under_load(programs, step)
        self.proxy.process.terminate()
        self.assertEqual(self.proxy.ended(), 0)
        clock.step(LAST_H * HOUR_S)
        self.proxy.start(wait="", **clock.environment)
        self.way.start()
        judge = self.settle(programs)
        self.assertTrue(any(202 in write.statuses for write in judge.writes()))


if __name__ == "__main__":
    tap.main()
