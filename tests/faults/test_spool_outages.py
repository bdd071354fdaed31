# SPDX-License-Identifier: Apache-2.0
"""The server goes away, refuses at random, or limits, and the configuration is reloaded meanwhile: no program notices, what was
acknowledged is on the server once, with its own time, and attributes keep their order. TB_SEED repeats the kinds of requests."""
import signal
import time

import e2e_modules
import tap
from harness import wait_until
from spooling import ARRAY, ATTRIBUTE, BARE, POISONED, STAMPED, Judge, SpoolCase

OUTAGES_S = (0.3, 1.2, *([5, e2e_modules.SECONDS] if e2e_modules.SECONDS else []))
RANDOM_S = e2e_modules.SECONDS or 2
PROGRAMS = 9
TELEMETRY = "/api/plugins/telemetry/"


class TestOutages(SpoolCase):
    def be_away(self, seconds):
        """Values arrive again afterwards."""
        self.way.end()
        time.sleep(seconds)
        self.way.start()
        stored = len(self.sim.history())
        wait_until(lambda: len(self.sim.history()) > stored, "a value")

    def test_outages(self):
        self.begin()
        self.proxy.start()
        self.refuse_poison()
        programs = self.make_programs(PROGRAMS)
        self.run_under_load(programs, lambda: [self.be_away(seconds) for seconds in OUTAGES_S])
        judge = self.settle(programs)
        self.assertTrue(any(202 in write.statuses for write in judge.writes()))

    def test_a_start_while_the_server_is_away(self):
        """No login was ever possible, and no time of the server is known."""
        self.begin()
        self.refuse_poison()
        self.way.end()
        self.proxy.start(wait="")
        programs = self.make_programs(PROGRAMS)
        self.run_under_load(programs, lambda: time.sleep(1))
        self.assertEqual({status for program in programs for write in program.writes for status in write.statuses} - {503}, {202})
        self.way.start()
        self.settle(programs)

    def test_a_restart_while_the_server_is_away(self):
        self.begin()
        self.proxy.start()
        self.way.end()
        programs = self.make_programs(PROGRAMS, kinds=(STAMPED, BARE, ARRAY))
        self.run_under_load(programs, lambda: time.sleep(0.5))
        for _ in range(2):
            self.restart()
        self.way.start()
        self.settle(programs)


class RefusalsCase(SpoolCase):
    def check(self, options=None, seconds=RANDOM_S, **more):
        self.begin(options)
        self.proxy.start()
        self.set_faults()
        programs = self.make_programs(PROGRAMS, **more)
        self.run_under_load(programs, lambda: time.sleep(seconds))
        self.sim.clear_faults(1)
        self.settle(programs)

    def set_faults(self):
        self.refuse_poison()


class TestRandom(RefusalsCase):
    def set_faults(self):
        self.refuse_poison()
        for status, executed in ((502, True), (503, False), (503, True), (504, True), (500, False), (500, True)):
            self.sim.fault("status", TELEMETRY, status=status, executed=executed, chance=8, count=0)
        for kind in ("reset", "close", "half"):
            self.sim.fault(kind, TELEMETRY, executed=True, chance=5, count=0)

    def test_in_an_outage(self):
        self.check(refusals=[500])  # a server that says that is there

    def test_if_all_is_stored_first(self):
        self.check({"spool.mode": "always"})


class TestBadValues(RefusalsCase):
    def test_they_stand_in_nobodys_way(self):
        self.check({"spool.mode": "always"}, 0.3, kinds=(POISONED, STAMPED))


class TestLimit(RefusalsCase):
    def set_faults(self):
        self.refuse_poison()
        self.sim.set(limits="40:1")

    def test_a_limit_that_is_reached_all_the_time(self):
        self.check()


class TestReload(SpoolCase):
    """The mode and the directory are changed while values wait."""

    def change(self, **options):
        """A reload says that it takes a restart."""
        self.proxy.options.update({"spool." + name: value for name, value in options.items()})
        self.proxy.write_config()
        mark = self.proxy.log.mark()
        self.proxy.signal(signal.SIGHUP)
        for name in options:
            self.proxy.log.wait(r"spool\.%s has changed; restart tbproxyd" % name, mark)

    def write_for(self, programs, seconds, work=lambda: None):
        self.run_under_load(programs, lambda: (time.sleep(seconds), work(), time.sleep(seconds)))

    def begin_away(self, **options):
        self.begin(options)
        self.proxy.start()
        self.way.end()
        return self.make_programs(PROGRAMS, kinds=(STAMPED, BARE, ARRAY))

    def test_the_mode(self):
        self.begin()
        self.proxy.pass_sockets()
        self.proxy.start()
        programs = self.make_programs(PROGRAMS, kinds=(STAMPED, BARE, ARRAY, ATTRIBUTE))

        def change_modes():
            for mode in ("always", "outage") * 2:
                self.way.end()
                self.change(mode=mode)
                time.sleep(0.2)
                self.restart()
                self.way.start()
                time.sleep(0.2)
        self.run_under_load(programs, change_modes)
        self.settle(programs, is_strict=False)

    def test_off_and_on_again(self):
        """What waits is kept, and the log says so."""
        programs = self.begin_away()
        self.write_for(programs, 0.2)
        self.change(mode="off")
        self.restart()
        self.proxy.log.wait(r"writes wait in .*spool\.mode is .off.")
        self.change(mode="outage")
        self.restart()
        self.way.start()
        self.settle(programs)

    def test_another_directory_and_back(self):
        programs = self.begin_away()
        first = self.proxy.options["spool.directory"]
        self.write_for(programs, 0.2, lambda: self.change(directory=self.proxy.directory + "/other"))
        self.restart()
        self.write_for(programs, 0.2, lambda: self.change(directory=first))
        self.way.start()
        Judge(self.sim, programs, True).wait(2)  # what is in the second one comes
        self.restart()
        self.settle(programs, asks=False)


if __name__ == "__main__":
    tap.main()
