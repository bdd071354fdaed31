# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load, while the server comes and goes and refuses at random: what was acknowledged is on the
server once, with its own time, and no old attribute overwrites a new one. With TB_LONG, 200 kills instead of 20. TB_SEED repeats
the moments and the kinds of requests."""
import os
import signal
import threading
import time

import tap
from spooling import SpoolCase

KILLS = 200 if "TB_LONG" in os.environ else 20
PROGRAMS = 12
TELEMETRY = "/api/plugins/telemetry/"


class KillsCase(SpoolCase):
    def weather(self, stop):
        """The server comes and goes until STOP."""
        while not stop.wait(self.noise.uniform(0.2, 1)):
            self.way.end()
            stop.wait(self.noise.uniform(0.1, 1))
            self.way.start()

    def set_faults(self):
        self.refuse_poison()
        for status, executed in ((500, True), (503, False), (503, True), (429, False)):
            self.sim.fault("status", TELEMETRY, status=status, executed=executed, chance=3, count=0)
        self.sim.fault("reset", TELEMETRY, executed=True, chance=3, count=0)

    def kill(self):
        """Starts it and kills it, every fourth time while it starts."""
        is_early = self.noise.random() < 0.25
        self.proxy.start(wait="" if is_early else "READY=1")
        time.sleep(self.noise.uniform(0, 0.05 if is_early else 0.4))
        self.proxy.process.kill()
        self.assertEqual(self.proxy.ended(), -signal.SIGKILL)

    def kill_often(self):
        stop = threading.Event()
        weather = threading.Thread(target=self.weather, args=(stop,))
        weather.start()
        for _ in range(KILLS):
            self.kill()
        self.proxy.start()
        stop.set()
        weather.join()

    def check(self, mode, refusals=()):
        self.begin({"spool.mode": mode})
        self.proxy.pass_sockets()
        self.set_faults()
        programs = self.make_programs(PROGRAMS, refusals=refusals)
        self.run_under_load(programs, self.kill_often)
        self.sim.clear_faults(1)
        judge = self.settle(programs, is_strict=False)
        self.assertTrue(any(202 in write.statuses for write in judge.writes()))
        self.assertTrue(any(None in write.statuses for write in judge.writes()))  # else the load was none


class TestOutage(KillsCase):
    def test_kills_under_load(self):
        self.check("outage", [500])  # a server that says that is there


class TestAlways(KillsCase):
    def test_kills_under_load(self):
        self.check("always")


if __name__ == "__main__":
    tap.main()
