#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Torture: each call of the C library, libcurl, nghttp2 and libmicrohttpd fails once for each of its call stacks, one call
at a time, while a script goes through the rooms of tbproxyd. After each failure the daemon lives, the answer was right or a
clear error, the same step works again, and nothing has leaked; at its end no descriptor is open."""
import argparse
import ctypes
import functools
import math
import os
import signal
import sys
import time
import traceback

import reports
import steps  # adds the folder of the harness
import torture_ctl
import torture_library
from control import Control, Modules

import build_tree  # steps.py has added the folder of the harness
from client import Closed
from daemon import REPORT, Daemon, end_with_parent
from front import Front
from harness import credential_options
from simulator import Simulator

ADDR_NO_RANDOMIZE = 0x0040000  # <sys/personality.h>: a call stack is the same in each life of the program
START_S = 8.0
SLOW_SHOWN = 20
RECOVERY_S = 20.0  # after a failure; the longest pause between two attempts of a login is shorter
ALLOWED = (steps.Refused, Closed, OSError)
LIVES = ["sim", "tls", "h2", "h2c", "library", "ctl"]

# A phase gets a share of the time; what it leaves goes to those after it.
SHARES = {"start": 8, "start_without_reserve": 8, "stop": 8}
SHARE = 1
REPORTS = "a report of the sanitizer"
NOT_COUNTED = 0xffffffff  # fail.c counts the descriptors that are open at the end

OPTIONS = {"upstream.timeout_ms": 3000, "queue.max_wait_ms": 5000, "upstream.max_connections": 2, "upstream.connect_timeout_ms": 2000,
           "limits.drain_timeout_ms": 300, "retry.initial_retry_delay_ms": 10}


class TorturedDaemon(Daemon):
    """With calls that fail. Its life can end at any time."""

    def __init__(self, options, control):
        self.control = control
        super().__init__({**OPTIONS, **options})
        self.in_child = lambda: (end_with_parent(), ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE))

    def command(self, *arguments):
        return [build_tree.program("tests/torture/tbproxyd"), "--config", self.config_path, *arguments]

    def environment(self, **more):
        found = super().environment(TORTURE=self.control.path, **more)
        if self.control.fields.more:  # OpenSSL leaks what it has half made; then the start ends, or nothing more is lost
            found["ASAN_OPTIONS"] = found.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        return found

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def wait_for_start(self):
        """Until it is ready, or has ended, or START_S have passed."""
        end = time.monotonic() + START_S
        while self.alive() and not self.notices.find("^READY=1$") and time.monotonic() < end:
            time.sleep(0.003)
        if not self.alive():
            self.ended()
        try:  # the line may come after the notice, or never
            self.port = int(self.log.wait(r"listening on http://\S+:(\d+)", 0, 1).group(1))
        except AssertionError:
            self.port = 0

    def end(self):
        """However it is. The directory stays, and the log begins anew."""
        if self.process is not None:
            if self.alive():
                self.process.kill()
            self.ended()
        self.log.lines.clear()
        self.notices.lines.clear()


class Life:
    """One configuration of the daemon, and the script for it."""

    def __init__(self, torture, name, server, options, script):
        self.torture, self.control, self.modules = torture, torture.control, torture.modules
        self.name = name
        self.daemon = TorturedDaemon(options, self.control)
        self.server = server
        self.script_type = script
        self.script = None
        self.failures = 0

    def run(self):
        starts = [("start", self.torture_start)]  # most calls are in the start
        if "upstream.ca_file" in self.daemon.options:
            starts.append(("start_without_reserve", self.torture_start_without_reserve))
        phases = [*((step.__name__, functools.partial(self.torture_step, step)) for step in self.script_type.steps),
                  ("stop", self.torture_stop), *starts]
        self.torture.plan(self.name, [where for where, _ in phases])
        try:
            self.begin()
            for where, run in phases:
                self.run_phase(where, run)
        finally:
            self.daemon.end()
            self.daemon.kill()

    def begin(self):
        """A healthy start."""
        self.daemon.end()
        self.daemon.start()
        self.modules.read(self.daemon.process.pid)
        self.script = self.script_type(self.daemon, self.server)

    def run_phase(self, where, run):
        before, began = self.failures, time.monotonic()
        if not self.torture.begin_phase(where):
            return
        if not self.daemon.alive():
            self.begin()
        run()
        print("# %s, %s: %d calls in %.1f s" % (self.name, where, self.failures - before, time.monotonic() - began), flush=True)

    def more(self):
        return self.torture.has_time()

    def report(self, where, failed, what, since=0):
        self.torture.report(self.name, where, self.modules.describe(failed) if failed else "-", what, self.daemon.log.lines[since:])

    # ---- the start ----

    def torture_start(self):
        while self.more():
            self.daemon.end()
            mark = self.daemon.log.mark()
            self.control.arm()
            self.daemon.launch()
            self.daemon.wait_for_start()
            failed = self.control.disarm()
            if not failed:
                break
            self.failures += 1
            self.judge_start(failed, mark)
        self.begin()

    def torture_start_without_reserve(self):
        """OpenSSL and libcurl get none of it (library_memory.c): the next call fails, too."""
        self.control.fields.more = 1
        try:
            self.torture_start()
        finally:
            self.control.fields.more = 0

    def judge_start(self, failed, mark):
        status = self.daemon.process.poll()
        text = "\n".join(self.daemon.log.lines[mark:])
        if REPORT.search(text):
            self.report(self.torture.where, failed, REPORTS, mark)
        elif status is not None and status not in (1, 78):
            self.report(self.torture.where, failed, "ended with status %d" % status, mark)
        elif status is not None and not text.strip() and not self.control.fields.more:  # which may be the message
            self.report(self.torture.where, failed, "ended with status %d without a message" % status, mark)
        elif status is None and not self.daemon.notices.find("^READY=1$"):
            self.report(self.torture.where, failed, "is not ready", mark)
        elif status is None:
            # what OpenSSL could not load when the reserve was used up is missing from then on
            self.verify(steps.Script.live if self.control.fields.more else steps.Script.local, failed, self.torture.where, mark)

    # ---- the steps ----

    def torture_step(self, step):
        outcome = self.attempt(step)
        if outcome:
            self.report(step.__name__, None, "does not work even if no call fails: " + outcome)
        else:
            self.fail_in_turn(step, step.__name__)

    def fail_in_turn(self, step, where):
        while self.more():
            mark = self.daemon.log.mark()
            self.control.arm()
            outcome = self.attempt(step)
            failed = self.control.disarm()
            if not failed:
                if outcome:
                    self.report(where, None, outcome, mark)
                break
            self.failures += 1
            if outcome and outcome.startswith("!"):
                self.report(where, failed, outcome[1:], mark)
            self.verify(step, failed, where, mark)

    def attempt(self, step):
        """None, or what happened; with ! if it may not happen even if a call fails."""
        began = time.monotonic()
        try:
            step(self.script)
        except TimeoutError:
            return "!no answer in %.0f s" % (time.monotonic() - began)
        except ALLOWED as error:
            return "%s: %s" % (type(error).__name__, error)
        except Exception:  # pylint: disable=broad-except
            return "!" + traceback.format_exc(limit=-3)
        finally:
            self.script.close()
        return None

    def verify(self, step, failed, where, mark):
        """The daemon lives, and STEP works soon; nothing has leaked."""
        began = time.monotonic()
        outcome = self.attempt(step)
        while outcome and self.daemon.alive() and time.monotonic() < began + RECOVERY_S:
            time.sleep(0.05)
            outcome = self.attempt(step)
        self.torture.note_recovery(time.monotonic() - began, self.name, where, failed)
        if not self.daemon.alive():
            self.report(where, failed, "ended with status %d" % self.daemon.ended(), mark)
        elif outcome:
            self.report(where, failed, "does not work any more: " + outcome, mark)
        elif self.leaks(mark):
            self.report(where, failed, "leaks", mark)
        elif REPORT.search("\n".join(self.daemon.log.lines[mark:])):
            self.report(where, failed, REPORTS, mark)
            return
        else:
            return
        self.begin()

    def leaks(self, mark):
        self.control.fields.looks = 1
        end = time.monotonic() + RECOVERY_S
        while self.control.fields.looks == 1 and time.monotonic() < end and self.daemon.alive():
            try:
                self.daemon.get("/-/live", record=False)
            except (Closed, OSError):
                pass
        if self.control.fields.looks == 2:
            self.daemon.log.wait("SUMMARY: AddressSanitizer", mark)
        return self.control.fields.looks == 2

    # ---- the end ----

    def torture_stop(self):
        """With requests under way."""
        while self.more():
            if not self.daemon.alive():
                self.begin()
            self.control.fields.left_open = NOT_COUNTED
            mark = self.daemon.log.mark()
            self.script.prepare_stop()
            self.control.arm()
            self.daemon.signal(signal.SIGTERM)
            try:
                status = self.daemon.ended(RECOVERY_S)
            except Exception as error:  # pylint: disable=broad-except
                status = str(error)
            self.script.close()
            failed = self.control.disarm()
            if status not in (0, 1) or REPORT.search("\n".join(self.daemon.log.lines[mark:])):
                self.report("stop", failed, "ended with status %s" % status, mark)
            elif self.control.fields.left_open == NOT_COUNTED:
                self.report("stop", failed, "did not come to its end", mark)
            elif self.control.fields.left_open:
                self.report("stop", failed, "%d descriptors are left open" % self.control.fields.left_open, mark)
            if not failed:
                break
            self.failures += 1


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


def names_of(known):
    """The type of an option with a list of KNOWN names."""
    def names(text):
        wrong = [name for name in text.split(",") if name not in known]
        if wrong:
            raise argparse.ArgumentTypeError("%s is none of %s" % (wrong[0], ", ".join(known)))
        return text.split(",")
    return names


def parse(arguments):
    known = list(dict.fromkeys(step.__name__ for script in (steps.ServerScript, steps.SimulatorScript) for step in script.steps))
    phases = [*known, "stop", "start", "start_without_reserve", "calls", *torture_ctl.NAMES]
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
