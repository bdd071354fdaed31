#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Torture: each call of the C library, libcurl, nghttp2 and libmicrohttpd fails once for each of its call stacks, one call
at a time, while a script goes through the rooms of tbproxyd. After each failure the daemon lives, the answer was right or a
clear error, the same step works again, and nothing has leaked; at its end no descriptor is open."""
import argparse
import math
import sys
import time

import reports
import steps  # adds the folder of the harness
import torture_ctl
import torture_library
import torture_spool
from control import Control, Modules
from life import REPORTS, Life

from front import Front  # steps.py has added the folder of the harness
from harness import credential_options
from simulator import Simulator

SLOW_SHOWN = 20
LIVES = ["sim", "tls", "h2", "h2c", "library", "ctl", "spool"]

# A phase gets a share of the time; what it leaves goes to those after it.
SHARES = {"start": 8, "start_without_reserve": 8, "start_with_rows": 8, "stop": 8}
SHARE = 1

class Torture:
    def __init__(self, arguments):
        self.arguments = arguments
        self.began = time.monotonic()
        self.control = Control(arguments.depth, arguments.parts, arguments.part)
        self.modules = Modules()
        self.defects, self.listed, self.slow = [], [], []
        self.cut, self.not_reached = [], []
        self.life = self.where = None
        self.shares_left = 0
        self.phase_ends = self.life_ends = math.inf
        self.count = 0

    # ---- the time ----

    def plan(self, life, phases):
        """LIFE has PHASES, and --seconds for all of them."""
        chosen = [where for where in phases if not self.arguments.only or where in self.arguments.only]
        self.life = life
        self.not_reached += [(life, where) for where in chosen]
        self.shares_left = sum(SHARES.get(where, SHARE) for where in chosen)
        self.life_ends = time.monotonic() + (self.arguments.seconds or math.inf)

    def begin_phase(self, where):
        """Whether it is chosen."""
        if (self.life, where) not in self.not_reached:
            return False
        share = SHARES.get(where, SHARE)
        now = time.monotonic()
        self.phase_ends = now + max(self.life_ends - now, 0) * share / self.shares_left
        self.shares_left -= share
        self.where = where
        return True

    def has_time(self):
        """For one more call in this phase; in any case for one."""
        if (self.life, self.where) in self.not_reached:
            self.not_reached.remove((self.life, self.where))
            return True
        if time.monotonic() < self.phase_ends:
            return True
        self.cut.append((self.life, self.where))
        return False

    def report(self, life, where, stack, what, log):
        if what == REPORTS and reports.all_listed(log):
            self.listed.append((life, where, stack, what))
            return
        self.defects.append((life, where, stack, what))
        text = "DEFECT %d: %s, %s: %s\n  failed: %s\n%s" % (len(self.defects), life, where, what, stack, "\n".join(log[-60:]))
        print("\n".join("# " + line for line in text.split("\n")), flush=True)

    def note_recovery(self, seconds, life, where, failed):
        if seconds > 1.5:
            self.slow.append((seconds, life, where, self.modules.describe(failed)))

    def run(self):
        try:
            for name in self.arguments.lives:
                began, before = time.monotonic(), self.control.fields.count
                getattr(self, "live_" + name)()
                print("# %s: %d calls failed in %.0f s" % (name, self.control.fields.count - before, time.monotonic() - began),
                      flush=True)
        finally:
            self.count = self.control.fields.count
            self.list_failed()
            self.control.close()

    def list_failed(self):
        if self.arguments.list:
            with open(self.arguments.list, "w", encoding="utf-8") as file:
                file.writelines(sorted(self.modules.describe(failed) + "\n" for failed in self.control.failed()))

    def live_sim(self):
        server = Simulator(own_password=True)
        try:
            Life(self, "sim", server, {"upstream.url": server.url, **credential_options(server, "password")},
                 steps.SimulatorScript).run()
        finally:
            server.stop()

    def live_front(self, name):
        server = steps.start_server()
        front = Front(server, name, keepalive_requests=4)
        try:
            Life(self, name, server, {"upstream.url": front.url, **front.daemon_options, **credential_options(server, "api_key")},
                 steps.ServerScript).run()
        finally:
            front.stop()
            server.stop()

    def live_tls(self):
        self.live_front("http/1.1")

    def live_h2(self):
        self.live_front("h2")

    def live_h2c(self):
        self.live_front("h2c")

    def live_library(self):
        torture_library.live(self)

    def live_ctl(self):
        torture_ctl.live(self)

    def live_spool(self):
        torture_spool.live(self)


def names_of(known):
    """The type of an option with a list of KNOWN names."""
    def names(text):
        wrong = [name for name in text.split(",") if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError("%s is none of %s" % (wrong[0], ", ".join(known)))
        return text.split(",")
    return names


def parse(arguments):
    known = list(dict.fromkeys(step.__name__ for script in (steps.ServerScript, steps.SimulatorScript, torture_spool.SpoolScript) for step in script.steps))
    phases = [*known, "stop", "start", "start_without_reserve", "start_with_rows", "calls", *torture_ctl.NAMES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=0, help="for each life, with some for each phase; 0: until each stack has failed")
    parser.add_argument("--parts", type=int, default=1, help="only one part in so many of all stacks")
    parser.add_argument("--part", type=int, default=0, help="which one")
    parser.add_argument("--depth", type=int, default=12, help="the frames of a stack that make a difference")
    parser.add_argument("--lives", type=names_of(LIVES), default=LIVES, help="ways to the server, of %s; default: all" % ", ".join(LIVES))
    parser.add_argument("--only", type=names_of(phases), help="steps, of %s; default: all" % ", ".join(phases))
    parser.add_argument("--list", metavar="FILE", help="write the stacks of all calls that have failed")
    return parser.parse_args(arguments)


def run(arguments):
    torture = Torture(parse(arguments))
    torture.run()
    for seconds, *where in sorted(torture.slow, reverse=True)[:SLOW_SHOWN]:
        print("# it took %.1f s to recover: %s" % (seconds, ", ".join(where)))
    for life, where, stack, what in torture.listed:
        print("# listed: %s, %s: %s: %s" % (life, where, what, stack))
    for what, phases in (("cut short, not all calls of the sample failed", torture.cut), ("NOT REACHED", torture.not_reached)):
        if phases:
            print("# %s: %s" % (what, "; ".join("%s, %s" % phase for phase in phases)))
    print("# %d calls failed in %.0f s: %d defects, %d of libraries that are listed" % (
        torture.count, time.monotonic() - torture.began, len(torture.defects), len(torture.listed)), flush=True)
    return torture


if __name__ == "__main__":
    done = run(sys.argv[1:])
    sys.exit(1 if done.defects or done.not_reached else 0)
